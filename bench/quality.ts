/** Reproduces the quality table: every task of bench/quality, several seeds, into docs/quality.md. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/core/file.js';
import { type Dataset, openDataset } from '../src/data/dataset.js';
import { partition, type Split } from '../src/data/split.js';
import { type ControlScore, scoreControls } from '../src/evaluate/controls.js';
import { type Evaluation, evaluateRows } from '../src/evaluate/evaluate.js';
import type { Bundle } from '../src/mixture/bundle.js';
import type { Plan } from '../src/mixture/plan.js';
import { parseSpec } from '../src/mixture/spec-file.js';
import { takeValues } from '../src/predict/batch.js';
import { openPredictor } from '../src/predict/predictor.js';
import { type LabelledRows, readRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { withData } from './quality/data.js';
import { page } from './quality/page.js';
import { linearSvc, type Peer } from './quality/peer.js';
import { partsOf, type Run, type Task, tasks } from './quality/tasks.js';

/** The plan of a spec with its seed and its test fold. */
function planOf(text: string, path: string, seed: number, fold: number): Plan {
  const plan = parseSpec(text, path);
  const { split } = plan.spec.data;
  const cut = split?.by === 'hash' ? { split: { ...split, test: fold } } : {};
  const data = { ...plan.spec.data, ...cut };
  return { ...plan, spec: { ...plan.spec, data, training: { ...plan.spec.training, seed } } };
}

interface Outcome {
  readonly found: Evaluation;
  readonly controls: Readonly<Record<string, ControlScore>>;
  readonly peer?: Peer;
  readonly gate: string;
}

/** The test rows of a plan, or those of them that a task scores. */
async function testRows(
  plan: Plan,
  data: Dataset,
  only: string | undefined,
): Promise<LabelledRows> {
  const rows = await readRows(plan, data, 1);
  if (only === undefined) return rows;
  const wanted = await data.evaluate(`(${only})::INT`, 'only');
  const parts = await partition(data, plan.spec.data.split as Split);
  // Rows come in file order; a task that scores some of them has a label in every row.
  const flags = wanted.filter((_, row) => parts[row] === 1);
  if (flags.length !== rows.rows) throw new Error(`${only}: the data has rows without a label`);
  const kept = Int32Array.from([...flags.keys()].filter((row) => flags[row] === 1));
  const values = Object.entries(rows.values).map(([name, column]) => [
    name,
    takeValues(column, kept),
  ]);
  const unit = Uint32Array.from(kept, (row) => rows.unit[row]!);
  const target = takeValues(rows.target, kept);
  return { rows: kept.length, values: Object.fromEntries(values), target, unit, unlabelled: 0 };
}

/** What a trained mixture scores on rows. */
async function scoreOn(bundle: Bundle, rows: LabelledRows): Promise<Outcome> {
  const predictor = await openPredictor(bundle);
  const found = await evaluateRows(predictor, rows, rows.target, rows.unlabelled);
  const controls = await scoreControls(predictor, { batch: rows, target: rows.target });
  await predictor.close();
  return { found, controls, gate: `${bundle.manifest.gate.kind}, ${bundle.manifest.pool.kind}` };
}

/** Trains once and scores each of the parts; `compare` runs the peer on the rows of the first too. */
async function runOnce(plan: Plan, parts: readonly Task[], compare: boolean): Promise<Outcome[]> {
  const data = await openDataset(plan.spec.data.source);
  try {
    const fit = await readRows(plan, data, 0);
    const bundle = await train(plan, fit);
    const outcomes: Outcome[] = [];
    for (const part of parts) {
      const rows = await testRows(plan, data, part.only);
      const outcome = await scoreOn(bundle, rows);
      const peer = compare && outcomes.length === 0 ? linearSvc(plan, fit, rows) : undefined;
      outcomes.push(peer === undefined ? outcome : { ...outcome, peer });
    }
    return outcomes;
  } finally {
    await data.close();
  }
}

function byControl(
  controls: Outcome['controls'],
  pick: (scores: Readonly<Record<string, number>>) => number,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(controls).map(([kind, { metrics }]) => [kind, pick(metrics)]),
  );
}

function summary(task: Task, seed: number, fold: number, outcome: Outcome): Run {
  const { found, controls, peer, gate } = outcome;
  const score = (scores: Readonly<Record<string, number>>): number => scores[task.metric]!;
  const { cost, ensemble, experts } = found;
  return {
    seed,
    fold,
    gate,
    rows: found.rows,
    mixture: score(found.metrics),
    ensemble: score(ensemble.metrics),
    ensembleExperts: ensemble.expertsPerRecord,
    expertsPerRecord: cost.expertsPerRecord,
    experts: Object.fromEntries(
      Object.entries(experts).map(([name, { share, metrics }]) => [
        name,
        { share, score: score(metrics) },
      ]),
    ),
    controls: byControl(controls, score),
    ...(found.metrics.logLoss === undefined
      ? {}
      : {
          logLoss: {
            mixture: found.metrics.logLoss,
            controls: byControl(controls, ({ logLoss }) => logLoss!),
          },
        }),
    ...(peer === undefined ? {} : { peer: peer.accuracy }),
  };
}

/** Trains a task with every fold and seed; what is known so far is kept after each. */
async function runTask(
  task: Task,
  folder: string,
  seeds: number,
  keep: (part: Task, runs: readonly Run[]) => void,
): Promise<void> {
  const path = join('bench', 'quality', `${task.spec ?? task.file}.yaml`);
  const parts = partsOf(task);
  const spec = withData(readFileSync(path, 'utf8'), folder);
  if ('missing' in spec) {
    console.log(`${task.file}: skipped, the project may not ship ${spec.missing}; give its folder`);
    return;
  }
  const runs = parts.map((): Run[] => []);
  for (const fold of task.folds) {
    for (let seed = 0; seed < seeds; seed++) {
      const begun = performance.now();
      const compare = task.peer === true && seed === 0;
      const outcomes = await runOnce(planOf(spec.text, path, seed, fold), parts, compare);
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      parts.forEach((part, i) => {
        const run = summary(part, seed, fold, outcomes[i]!);
        runs[i]!.push(run);
        keep(part, runs[i]!);
        const score = `${run.mixture.toFixed(4)} (${run.gate}; ${seconds} s)`;
        console.log(`${part.file} fold ${fold} seed ${seed}: ${score}`);
      });
    }
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '3' }, task: { type: 'string' } },
});
const folder = positionals[0] ?? 'datasets';
if (positionals[0] !== undefined && !existsSync(folder)) {
  console.error(
    `${folder}: no such folder; give one that holds Parquet files of the tasks, or none`,
  );
  process.exit(2);
}
const results = join('runs', 'quality');
mkdirSync(results, { recursive: true });
for (const task of tasks) {
  if (values.task !== undefined && task.file !== values.task) continue;
  await runTask(task, folder, Number(values.seeds), ({ file }, runs) =>
    writeFileAtomic(join(results, `${file}.json`), `${JSON.stringify(runs, null, 2)}\n`),
  );
}
const saved = tasks.flatMap(partsOf).flatMap((task): [Task, Run[]][] => {
  const path = join(results, `${task.file}.json`);
  return existsSync(path) ? [[task, JSON.parse(readFileSync(path, 'utf8')) as Run[]]] : [];
});
if (saved.length > 0) {
  const remarks = readFileSync(join('bench', 'quality', 'remarks.md'), 'utf8');
  writeFileAtomic('docs/quality.md', page(saved, remarks));
  console.log('docs/quality.md is written, of the tasks that have been run');
}
