/** The intake desk: the mixture against one large model, in quality and in time, into docs/intake.md. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/core/file.js';
import { openDataset } from '../src/data/dataset.js';
import { type Bundle, openBundle } from '../src/mixture/bundle.js';
import { controls, withControl } from '../src/mixture/control.js';
import type { Plan } from '../src/mixture/plan.js';
import { saveBundle } from '../src/mixture/save.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { type LabelledRows, readRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { type Found, page } from './intake/page.js';
import { type Kind, largePlan, mixturePlan, type Width, widths } from './intake/plan.js';
import { type Scored, scoreStream } from './intake/score.js';
import { askAlone, type Timed, timeModels } from './intake/time.js';

interface Bench {
  readonly rows: LabelledRows;
  readonly again: boolean;
}

const clock = (): string => `${(performance.now() / 1000).toFixed(0)} s`;

/** Where bundles are kept, so that scores and times can be taken again when the machine is quiet. */
const shelf = join('runs', 'intake');

/** Trains a plan, or with `again` opens what an earlier run of the bench trained. */
async function trained(name: string, plan: Plan, { rows, again }: Bench): Promise<Bundle> {
  const path = join(shelf, name);
  if (again && existsSync(path)) return openBundle(path);
  const bundle = await train(plan, rows);
  rmSync(path, { recursive: true, force: true });
  await saveBundle(bundle, path);
  const { scores } = bundle.card;
  console.log(`${clock()}: ${name} trained; held-out accuracy ${scores.accuracy!.toFixed(4)}`);
  return bundle;
}

/** A width of the large model and how it did on held-out training rows. */
interface Large {
  readonly width: Width;
  readonly bundle: Bundle;
  readonly accuracy: number;
  readonly cost: number;
}

async function trainLarge(plan: Plan, width: Width, bench: Bench): Promise<Large> {
  const bundle = await trained(`large-${width.name}`, largePlan(plan, width), bench);
  const { scores, cost } = bundle.card.experts[0]!;
  return { width, bundle, accuracy: scores.accuracy!, cost };
}

/** Two at a time: one expert trains in one thread. */
async function inPairs<A, B>(list: readonly A[], make: (one: A) => Promise<B>): Promise<B[]> {
  const made: B[] = [];
  for (let i = 0; i < list.length; i += 2)
    made.push(...(await Promise.all(list.slice(i, i + 2).map(make))));
  return made;
}

const allowance = 0.005;

/** The cheapest width within half a point of the best, by held-out training rows. */
function cheapest(all: readonly Large[]): Large {
  const best = Math.max(...all.map(({ accuracy }) => accuracy));
  const near = all.filter(({ accuracy }) => accuracy >= best - allowance);
  return near.reduce((a, b) => (b.cost < a.cost ? b : a));
}

/** Scores of the gates that learn nothing, behind the same experts. */
async function scoreRules(bundle: Bundle, rows: LabelledRows): Promise<Record<string, Scored>> {
  const found: Record<string, Scored> = {};
  for (const kind of controls) {
    const predictor = await openPredictor(withControl(bundle, kind));
    found[kind] = await scoreStream(predictor, { batch: rows, target: rows.target });
    await predictor.close();
  }
  return found;
}

/** The models that are timed; `bare` pays for no gate, no pool, and no pictures that are not there. */
function contenders(
  mixture: Predictor,
  presence: Predictor,
  large: Predictor,
  blind: Predictor,
): Timed[] {
  return [
    { name: 'mixture', answer: (batch) => mixture.run(batch) },
    { name: 'presence', answer: (batch) => presence.run(batch) },
    { name: 'large', answer: (batch) => large.run(batch) },
    {
      name: 'bare',
      answer: (batch, kind: Kind) => askAlone(kind === 'scan' ? large : blind, batch),
    },
  ];
}

async function main(folder: string | undefined, seed: number, again: boolean): Promise<Found> {
  const plan = mixturePlan(folder, seed);
  const data = await openDataset(plan.spec.data.source);
  const [fit, test] = [await readRows(plan, data, 0), await readRows(plan, data, 1)];
  await data.close();
  console.log(`${clock()}: ${fit.rows} rows train, ${test.rows} test`);
  const bench = { rows: fit, again };
  const larges = await inPairs(widths, (width) => trainLarge(plan, width, bench));
  const chosen = cheapest(larges);
  const noPicture = largePlan(plan, chosen.width, { without: ['pixels'], epochs: 1 });
  const blindBundle = await trained('large-blind', noPicture, bench);
  const mixtureBundle = await trained('mixture', plan, bench);
  const rows = { batch: test, target: test.target };
  const mixture = await openPredictor(mixtureBundle);
  const large = await openPredictor(chosen.bundle);
  const blind = await openPredictor(blindBundle);
  const presence = await openPredictor(withControl(mixtureBundle, 'presence'));
  const scored = {
    mixture: await scoreStream(mixture, rows),
    large: await scoreStream(large, rows),
  };
  const rules = await scoreRules(mixtureBundle, test);
  console.log(`${clock()}: scored`);
  const models = contenders(mixture, presence, large, blind);
  const times = await timeModels(models, rows);
  console.log(`${clock()}: timed`);
  await Promise.all([mixture, large, blind, presence].map((one) => one.close()));
  return {
    seed,
    rows: { fit: fit.rows, test: test.rows },
    widths: larges.map(({ width, accuracy, cost }) => ({ name: width.name, accuracy, cost })),
    chosen: chosen.width,
    gate: `${mixtureBundle.manifest.gate.kind}, k = ${mixtureBundle.manifest.gate.topK}`,
    ...scored,
    rules,
    times: Object.fromEntries(models.map(({ name }, m) => [name, times[m]!])),
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '0' }, again: { type: 'boolean', default: false } },
});
const found = await main(positionals[0], Number(values.seed), values.again);
mkdirSync('runs', { recursive: true });
writeFileSync(join('runs', 'intake.json'), JSON.stringify(found, null, 2));
writeFileAtomic(join('docs', 'intake.md'), page(found));
console.log(`${clock()}: docs/intake.md is written`);
