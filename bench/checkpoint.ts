/** Measures what keeping a checkpoint costs: trainings with and without one, in turns: `npm run checkpoint`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDataset } from '../src/data/dataset.js';
import { type Plan, plan } from '../src/mixture/plan.js';
import { parseSpec } from '../src/mixture/spec-file.js';
import { readRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { quarters } from './engine/measure.js';
import { specWithData } from './quality/data.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'datasets' },
    /** One row of so many trains. */
    every: { type: 'string', default: '40' },
    epochs: { type: 'string', default: '3' },
    pairs: { type: 'string', default: '15' },
  },
});
const path = 'bench/quality/packages.yaml';

/** The task of packages on a part of its rows; experts make all their epochs, so that runs are alike. */
function planOf(): Plan {
  const { spec } = parseSpec(specWithData(path, values.data), path);
  const query = `SELECT * FROM read_parquet('${spec.data.source}', file_row_number = true)
    WHERE file_row_number % ${Number(values.every)} = 1`;
  const training = { epochs: Number(values.epochs), patience: 1000 };
  const experts = Object.entries(spec.experts).map(([name, expert]) => [
    name,
    { ...expert, training },
  ]);
  return plan({
    ...spec,
    data: { ...spec.data, source: { query } },
    experts: Object.fromEntries(experts),
  });
}

interface Taken {
  /** Seconds, of the clock and of all threads. */
  readonly wall: number;
  readonly cpu: number;
  readonly id: string;
}

const use = planOf();
const data = await openDataset(use.spec.data.source);
const rows = await readRows(use, data, 0);
await data.close();

async function run(kept: boolean): Promise<Taken> {
  const folder = mkdtempSync(join(tmpdir(), 'monban-checkpoint-'));
  const before = process.cpuUsage();
  const start = performance.now();
  try {
    const { id } = await train(use, rows, kept ? { checkpoint: { folder } } : {});
    const { user, system } = process.cpuUsage(before);
    return { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, id };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Pair {
  readonly plain: Taken;
  readonly kept: Taken;
}

/** A pair of runs; every other one begins with the one that keeps, so that neither is always warmer. */
async function pair(turn: number): Promise<Pair> {
  const first = await run(turn % 2 === 1);
  const second = await run(turn % 2 === 0);
  if (first.id !== second.id) throw new Error('the two trainings gave different bundles');
  return turn % 2 === 1 ? { plain: second, kept: first } : { plain: first, kept: second };
}

function say(name: string, of: (one: Taken) => number, pairs: readonly Pair[]): void {
  const ratios = pairs.map(({ plain, kept }) => of(kept) / of(plain));
  const { low, middle, high } = quarters(ratios);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const plain = quarters(pairs.map((one) => of(one.plain))).middle;
  const spread = `quarters ${low.toFixed(3)} to ${high.toFixed(3)}, all ${least.toFixed(3)} to ${most.toFixed(3)}`;
  process.stdout.write(
    `${name}: ${middle.toFixed(3)} times as much (${spread}); ${plain.toFixed(1)} s without\n`,
  );
}

// What is compiled and cached in the first run would count against it.
await run(false);
const pairs: Pair[] = [];
for (let turn = 0; turn < Number(values.pairs); turn++) pairs.push(await pair(turn));
process.stdout.write(
  `${rows.rows} rows, ${use.experts.length} experts, ${values.epochs} epochs; medians of ${pairs.length} pairs\n`,
);
say('processor time', ({ cpu }) => cpu, pairs);
say('wall time', ({ wall }) => wall, pairs);
