/**
 * A shared expert against the costliest one alone: scores on test rows, and the measured time of a record
 * of both, interleaved: `npm run cascade -- SPEC [--seeds 3] [--folder FOLDER]`.
 */
import { parseArgs } from 'node:util';
import { random } from '../src/core/random.js';
import { quantile } from '../src/core/statistic.js';
import { openDataset } from '../src/data/dataset.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import type { Bundle } from '../src/mixture/bundle.js';
import { withControl } from '../src/mixture/control.js';
import { parseSpec } from '../src/mixture/spec-file.js';
import { type Batch, takeValues } from '../src/predict/batch.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { type LabelledRows, readRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { specWithData } from './quality/data.js';

const usage = 'usage: npm run cascade -- SPEC [--seeds 3] [--folder FOLDER]';
/** Records are timed in blocks; the median block decides, so that a busy moment does not. */
const perBlock = 50;
const blocks = 40;
const batchRows = 256;

/** A bundle in which one expert answers alone, with no gate to speak of. */
function alone(bundle: Bundle, e: number): Bundle {
  const { manifest } = bundle;
  const { experts, patterns: _, ...others } = manifest.gate.facts;
  const facts = { ...others, experts: [experts[e]!], patterns: [] };
  const gate = { ...manifest.gate, facts, shared: -1, targets: [1] };
  const one = { ...manifest, experts: [manifest.experts[e]!], gate };
  return withControl({ ...bundle, manifest: one }, 'uniform');
}

function rowsOf({ values }: Pick<LabelledRows, 'values'>, rows: Int32Array): Batch {
  const taken = Object.entries(values).map(([name, column]) => [name, takeValues(column, rows)]);
  return { rows: rows.length, values: Object.fromEntries(taken) };
}

/** Microseconds of a record: median blocks, and the median of the ratios of blocks. */
interface Times {
  readonly mixture: number;
  readonly alone: number;
  readonly ratio: number;
  /** The same ratio of processor time, which other programs disturb less. */
  readonly work: number;
}

interface Spent {
  readonly time: [number, number];
  readonly work: [number, number];
}

/** Times blocks of batches, both models on the same rows by turns; the first quarter warms up. */
async function race(
  [mixture, big]: readonly [Predictor, Predictor],
  rows: LabelledRows,
  size: number,
  perTurn: number,
): Promise<Times> {
  const stream = random(1, `cascade/${size}`);
  const times: Spent[] = [];
  for (let block = 0; block < blocks; block++) {
    const spent: Spent = { time: [0, 0], work: [0, 0] };
    for (let turn = 0; turn < perTurn; turn++) {
      const batch = rowsOf(
        rows,
        Int32Array.from({ length: size }, () => stream.below(rows.rows)),
      );
      const order = turn % 2 === 0 ? [0, 1] : [1, 0];
      for (const which of order) {
        const before = process.cpuUsage();
        const start = performance.now();
        await [mixture, big][which]!.run(batch);
        spent.time[which]! += performance.now() - start;
        const { user, system } = process.cpuUsage(before);
        spent.work[which]! += user + system;
      }
    }
    if (block >= blocks / 4) times.push(spent);
  }
  const middle = (of: (one: Spent) => number) => quantile(Float64Array.from(times, of), 0.5);
  const scale = 1000 / (perTurn * size);
  return {
    mixture: middle(({ time }) => time[0]) * scale,
    alone: middle(({ time }) => time[1]) * scale,
    ratio: middle(({ time }) => time[0] / time[1]),
    work: middle(({ work }) => work[0] / work[1]),
  };
}

function line(name: string, { mixture, alone: big, ratio, work }: Times): void {
  console.log(
    `  ${name}: mixture ${mixture.toFixed(0)} us, alone ${big.toFixed(0)} us, ratio ${ratio.toFixed(3)}, of processor time ${work.toFixed(3)}`,
  );
}

async function runSeed(source: string, path: string, seed: number): Promise<void> {
  const plan = parseSpec(source, path);
  const data = await openDataset(plan.spec.data.source);
  const fit = await readRows(plan, data, 0);
  const rows = await readRows(plan, data, 1);
  await data.close();
  const { training } = plan.spec;
  const bundle = await train(
    { ...plan, spec: { ...plan.spec, training: { ...training, seed } } },
    fit,
  );
  const { experts, gate } = bundle.manifest;
  const costs = experts.map(({ cost }) => cost);
  const costliest = costs.indexOf(Math.max(...costs));
  const predictors = [
    await openPredictor(bundle),
    await openPredictor(alone(bundle, costliest)),
  ] as const;
  const found = await evaluateRows(predictors[0], rows, rows.target, rows.unlabelled);
  const { metric } = predictors[0].model.objective.headline;
  console.log(`seed ${seed}: ${gate.kind}, ${bundle.manifest.pool.kind} pool; ${metric}`);
  for (const [name, { share, metrics }] of Object.entries(found.experts))
    console.log(
      `  ${name} alone ${metrics[metric]!.toFixed(4)}, ${(share * 100).toFixed(1)} % of the load`,
    );
  const extra = found.cost.expertsPerRecord - 1;
  console.log(
    `  mixture ${found.metrics[metric]!.toFixed(4)}, asking ${(extra * 100).toFixed(1)} % beyond ${experts[gate.shared]?.name}`,
  );
  line(`a record (${experts[costliest]!.name} alone)`, await race(predictors, rows, 1, perBlock));
  line(`of a batch of ${batchRows}`, await race(predictors, rows, batchRows, 1));
  await Promise.all(predictors.map((one) => one.close()));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '3' },
    folder: { type: 'string', default: 'datasets' },
  },
});
const [path] = positionals;
if (path === undefined) {
  console.error(usage);
  process.exit(2);
}
const source = specWithData(path, values.folder);
for (let seed = 0; seed < Number(values.seeds); seed++) await runSeed(source, path, seed);
