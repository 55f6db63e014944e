/** Shows what a joint phase is worth, on data with hidden regimes and on real data: `npm run joint`. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/core/file.js';
import { mean, standardError } from '../src/core/statistic.js';
import { openDataset } from '../src/data/dataset.js';
import { synthetic } from '../src/data/synthetic.js';
import { parseSpec } from '../src/mixture/spec-file.js';
import { chunkBatch } from '../src/predict/batch.js';
import { readRows } from '../src/train/rows.js';
import { routeAccuracy } from './joint/match.js';
import { page, type Row } from './joint/page.js';
import { type Contender, contenders, type Outcome, runOnce, type Task } from './joint/run.js';
import { specWithData } from './quality/data.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'datasets' },
    rows: { type: 'string', default: '8000' },
    seeds: { type: 'string', default: '1,2,3' },
    only: { type: 'string' },
    keep: { type: 'string', default: join('runs', 'joint.jsonl') },
    out: { type: 'string', default: 'docs/joint.md' },
  },
});
const regimes = 4;
const testRows = 10_000;
const fitRows = Number(values.rows);
const seeds = values.seeds.split(',').map(Number);

/** Data with hidden regimes, another world for each seed; one regime for the guard to refuse. */
function hidden(count: number, classes: number, seed: number) {
  const data = synthetic({
    ...{ seed, regimes: count, classes, imbalance: 1, missing: 0.05, noise: 0.2 },
    sources: ['category', 'text'],
  });
  const test = data.chunk(fitRows, fitRows + testRows);
  const task: Task = {
    spec: {
      data: { source: 'generated', target: 'target' },
      fields: data.fields,
      objective: classes === 0 ? 'regression' : 'classification',
      training: { crossFitBelow: 0, holdout: 0.3 },
    },
    rows: (use, part) => {
      const chunk = part === 'fit' ? data.chunk(0, fitRows) : test;
      const unit = Uint32Array.from({ length: chunk.rows }, (_, row) => row);
      const batch = chunkBatch(chunk, use.fields);
      return Promise.resolve({ ...batch, target: chunk.columns.target!, unit, unlabelled: 0 });
    },
  };
  const regime = (test.columns.regime as string[]).map((name) => Number(name.slice(6)) - 1);
  return { task, regime };
}

/** A task of the quality table; its test rows are those of the table. */
function real(file: string): Task {
  const path = `bench/quality/${file}.yaml`;
  const { spec } = parseSpec(specWithData(path, values.data), path);
  const { experts, gate, ...rest } = spec;
  return {
    spec: rest as Task['spec'],
    rows: async (use, part) => {
      const data = await openDataset(use.spec.data.source);
      try {
        return await readRows(use, data, part === 'fit' ? 0 : 1);
      } finally {
        await data.close();
      }
    },
  };
}

function rowOf(task: string, seed: number, contender: string, own: Outcome, one: Outcome): Row {
  const gains = own.worth.map((value, i) => value - one.worth[i]!);
  const { joint } = own;
  const what = (kept: boolean) => (kept ? 'kept' : 'refused');
  return {
    ...{ task, seed, contender, score: own.score, shares: own.shares },
    loss: -mean(own.worth),
    gain: [mean(gains), 1.96 * standardError(gains)],
    ...(joint === undefined
      ? {}
      : {
          joint: `${what(joint.kept)}: ${joint.gain.toFixed(3)} +- ${joint.error.toFixed(3)}, ${joint.rounds} rounds`,
        }),
  };
}

mkdirSync(dirname(values.keep), { recursive: true });
/** What was measured before is not measured again. */
const rows: Row[] = existsSync(values.keep)
  ? readFileSync(values.keep, 'utf8')
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Row)
  : [];

async function race(name: string, seed: number, task: Task, list: Contender[], regime?: number[]) {
  if (rows.some((row) => row.task === name && row.seed === seed)) return;
  let one: Outcome | undefined;
  for (const contender of list) {
    const own = await runOnce(task, contender, seed);
    one ??= own;
    const route =
      regime === undefined || own.shares.length === 1
        ? {}
        : { route: routeAccuracy(own.first, regime) };
    rows.push({ ...rowOf(name, seed, contender.name, own, one), ...route });
    appendFileSync(values.keep, `${JSON.stringify(rows.at(-1))}\n`);
  }
}

const line = { kind: 'linear', training: { epochs: 12 } };
const tasks: Record<string, (seed: number) => Promise<void>> = {
  regimes: async (seed) => {
    const { task, regime } = hidden(regimes, 4, seed);
    await race('four regimes, classes', seed, task, contenders(line, regimes), regime);
  },
  amounts: async (seed) => {
    const { task, regime } = hidden(regimes, 0, seed);
    await race('four regimes, amounts', seed, task, contenders(line, regimes).slice(0, 3), regime);
  },
  one: async (seed) => {
    const { task } = hidden(1, 4, seed);
    const list = contenders(line, regimes).filter((_, i) => i === 0 || i === 2);
    await race('one regime, classes', seed, task, list);
  },
  packages: async (seed) => {
    const list = contenders({ kind: 'linear' }, 2).slice(0, 3);
    await race('packages', seed, real('packages'), list);
  },
  diamonds: async (seed) => {
    const small = { kind: 'tabular', width: 64, depth: 1 };
    await race('diamonds, price', seed, real('diamonds-price'), contenders(small, 2).slice(0, 3));
  },
};

for (const seed of seeds)
  for (const [name, run] of Object.entries(tasks))
    if (values.only === undefined || values.only.split(',').includes(name)) await run(seed);
writeFileAtomic(values.out, page(rows, { fitRows, testRows }));
