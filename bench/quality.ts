/** Reproduces the quality table: every task of bench/quality, several seeds, into docs/quality.md. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/core/file.js';
import { mean } from '../src/core/statistic.js';
import { openDataset } from '../src/data/dataset.js';
import { type Evaluation, evaluateRows } from '../src/evaluate/evaluate.js';
import type { Plan } from '../src/mixture/plan.js';
import { parseSpec } from '../src/mixture/spec-file.js';
import { openPredictor } from '../src/predict/predictor.js';
import { readRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';

interface Task {
  readonly file: string;
  readonly metric: string;
  readonly wanted: number;
  readonly folds: readonly number[];
}

const tasks: readonly Task[] = [
  { file: 'packages', metric: 'accuracy', wanted: 0.848, folds: [0] },
  { file: 'hidden', metric: 'accuracy', wanted: 0.778, folds: [0] },
  { file: 'spam', metric: 'accuracy', wanted: 0.987, folds: [0, 1, 2, 3, 4] },
  { file: 'diamonds', metric: 'accuracy', wanted: 0.795, folds: [0] },
  { file: 'superstore', metric: 'auc', wanted: 0.994, folds: [0] },
];

/** The plan of a task with its seed and its test fold. */
function planOf(task: Task, folder: string, seed: number, fold: number): Plan {
  const path = join('bench', 'quality', `${task.file}.yaml`);
  const plan = parseSpec(readFileSync(path, 'utf8').replaceAll('{folder}', folder), path);
  const { split } = plan.spec.data;
  const cut = split?.by === 'hash' ? { split: { ...split, test: fold } } : {};
  const data = { ...plan.spec.data, ...cut };
  return { ...plan, spec: { ...plan.spec, data, training: { ...plan.spec.training, seed } } };
}

async function runOnce(plan: Plan): Promise<Evaluation> {
  const data = await openDataset(plan.spec.data.source);
  try {
    const bundle = await train(plan, await readRows(plan, data, 0));
    const predictor = await openPredictor(bundle);
    const rows = await readRows(plan, data, 1);
    const found = await evaluateRows(predictor, rows, rows.target, rows.unlabelled);
    await predictor.close();
    return found;
  } finally {
    await data.close();
  }
}

function rowOf(task: Task, found: readonly Evaluation[], seeds: number): string {
  const average = (pick: (one: Evaluation) => number): string => mean(found.map(pick)).toFixed(4);
  const best = average((one) =>
    Math.max(...Object.values(one.experts).map(({ metrics }) => metrics[task.metric] ?? 0)),
  );
  return `| ${[
    task.file,
    task.metric,
    task.wanted.toFixed(3),
    average(({ metrics }) => metrics[task.metric]!),
    best,
    average(({ ensemble }) => ensemble.metrics[task.metric]!),
    average(({ cost }) => cost.expertsPerRecord),
    String(seeds),
    String(task.folds.length),
  ].join(' | ')} |`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '3' }, task: { type: 'string' } },
});
const folder = positionals[0] ?? '../shared/data';
if (!existsSync(folder)) {
  console.error(
    `${folder}: no such folder; give the folder of the Parquet files: npm run quality -- FOLDER`,
  );
  process.exit(2);
}
const present = new Set(readdirSync(folder));
console.log(`Reading ${folder}: ${present.size} files`);
const seeds = Number(values.seeds);
const lines: string[] = [];
for (const task of tasks.filter(({ file }) => values.task === undefined || file === values.task)) {
  const found: Evaluation[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    for (const fold of task.folds) found.push(await runOnce(planOf(task, folder, seed, fold)));
  }
  lines.push(rowOf(task, found, seeds));
  console.log(lines.at(-1));
}
if (values.task === undefined) {
  const head = [
    '# Quality',
    '',
    'Written by `npm run quality -- FOLDER`; tasks are the specs in `bench/quality`, with defaults only.',
    '',
    '| task | metric | asked | mixture | best expert | even ensemble | experts/record | seeds | folds |',
    '|---|---|---|---|---|---|---|---|---|',
  ];
  writeFileAtomic('docs/quality.md', `${[...head, ...lines].join('\n')}\n`);
}
