/** Times one decision, record in and decision out, stage by stage: `npm run latency -- MODEL DATA`. */

import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { quantileSorted } from '../src/core/statistic.js';
import { openDataset } from '../src/data/dataset.js';
import { type Bundle, openBundle } from '../src/mixture/bundle.js';
import { type JsonRecord, textColumns } from '../src/predict/batch.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { openSession } from '../src/runtime/session.js';
import { emit } from '../src/tensor/emit.js';
import { input, neg } from '../src/tensor/ops.js';

const usage = 'usage: npm run latency -- MODEL DATA [--records 3000] [--memory 100000]';
const stages = ['record', 'encode', 'gate', 'experts', 'pool', 'total', 'floor'] as const;
type Times = Record<(typeof stages)[number], number[]>;

/** Decisions are timed in so many blocks; the quietest block is the one of least median. */
const blocks = 10;
const mostGrowth = 10e6;

/** Records as a user would send them: fields by name, absent where the data has nothing. */
async function readRecords(bundle: Bundle, source: string, count: number): Promise<JsonRecord[]> {
  const { fields } = bundle.manifest;
  const data = await openDataset(source);
  const columns = fields.map(({ column }) => column);
  const chunk = await data.read(columns, { texts: textColumns(fields) });
  await data.close();
  const step = Math.max(1, Math.floor(chunk.rows / count));
  return Array.from({ length: Math.min(count, chunk.rows) }, (_, i) => {
    const given = fields
      .map(({ name, column }) => [name, chunk.columns[column]![i * step]] as const)
      .filter(([, value]) => value !== null && !Number.isNaN(value));
    return Object.fromEntries(given);
  });
}

/** One run of a model with a single operator on a single number. */
async function emptyRun(): Promise<() => Promise<unknown>> {
  const session = await openSession(
    emit({ name: 'floor', outputs: { y: neg(input('x', ['B'])) } }),
  );
  const feeds = { x: { data: Float32Array.of(1), dims: [1] } };
  return () => session.run(feeds);
}

/** Microseconds of every decision, stage by stage, with an empty run after each. */
async function timeDecisions(
  predictor: Predictor,
  records: readonly JsonRecord[],
  floor: () => Promise<unknown>,
): Promise<Times> {
  const times = Object.fromEntries(stages.map((stage) => [stage, [] as number[]])) as Times;
  for (const record of records) {
    const start = performance.now();
    const [decision] = await predictor.decide([record]);
    const end = performance.now();
    await floor();
    const after = performance.now();
    const { ms } = decision!;
    const taken = { ...ms, record: end - start - ms.total, total: end - start, floor: after - end };
    for (const stage of stages) times[stage].push(taken[stage] * 1000);
  }
  return times;
}

const middle = (values: readonly number[], p: number): number =>
  quantileSorted(Float64Array.from(values).sort(), p);

/** The place of the block of decisions with the least median. */
function quietest(total: readonly number[]): { from: number; to: number } {
  const size = Math.ceil(total.length / blocks);
  const medians = Array.from({ length: Math.ceil(total.length / size) }, (_, i) =>
    middle(total.slice(i * size, (i + 1) * size), 0.5),
  );
  const at = medians.indexOf(Math.min(...medians));
  return { from: at * size, to: (at + 1) * size };
}

function report(times: Times): void {
  const { from, to } = quietest(times.total);
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(10)}${cells.map((cell) => cell.padStart(10)).join('')}\n`;
  process.stdout.write(line('us', ['p50', 'p95', 'p99', 'quiet p50']));
  for (const stage of stages) {
    const list = times[stage];
    const cells = [0.5, 0.95, 0.99].map((p) => middle(list, p));
    cells.push(middle(list.slice(from, to), 0.5));
    process.stdout.write(
      line(
        stage,
        cells.map((value) => value.toFixed(1)),
      ),
    );
  }
  const ratio = middle(times.total, 0.5) / middle(times.floor, 0.5);
  process.stdout.write(`a decision costs ${ratio.toFixed(1)} empty runs\n`);
}

/** Bytes of live objects on the heap. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** Decides many records; false when live memory grew by more than 10 MB. */
async function holdsMemory(
  predictor: Predictor,
  records: readonly JsonRecord[],
  count: number,
): Promise<boolean> {
  const before = heap();
  for (let i = 0; i < count; i++) await predictor.decide([records[i % records.length]!]);
  const growth = heap() - before;
  process.stdout.write(`heap after ${count} decisions: ${(growth / 1e6).toFixed(2)} MB more\n`);
  return growth <= mostGrowth;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string', default: '3000' },
    memory: { type: 'string', default: '100000' },
  },
});
const [model, source] = positionals;
if (model === undefined || source === undefined) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}
const bundle = openBundle(model);
const predictor = await openPredictor(bundle);
const records = await readRecords(bundle, source, Number(values.records));
const floor = await emptyRun();
await timeDecisions(predictor, records, floor);
report(await timeDecisions(predictor, records, floor));
const held = await holdsMemory(predictor, records, Number(values.memory));
await predictor.close();
if (!held) {
  process.stderr.write('the heap grew by more than 10 MB\n');
  process.exitCode = 1;
}
