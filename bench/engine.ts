/** Times the numeric engine: training steps, hashed tables and one-row inference. */
import { random } from '../src/core/random.js';
import { openSession } from '../src/runtime/session.js';
import { makeTable, sum, update } from '../src/runtime/table.js';
import { createTrainer } from '../src/runtime/trainer.js';
import { emit } from '../src/tensor/emit.js';
import { mlp } from '../src/tensor/layer.js';
import { input, logSoftmax, mean, neg, pick, softmax } from '../src/tensor/ops.js';
import { servingTrace, type Trace, trainingTrace } from '../src/tensor/trace.js';

const optimiser = { rate: 1e-3, tableRate: 0.05, weightDecay: 0.01, clip: 1 };
const draw = random(1, 'bench');

/** The median of repeated runs, in microseconds. */
async function median(times: number, run: () => unknown): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times + 10; i++) {
    const start = performance.now();
    await run();
    if (i >= 10) taken.push((performance.now() - start) * 1000);
  }
  return taken.sort((a, b) => a - b)[times >> 1]!;
}

function say(what: string, microseconds: number): void {
  const text =
    microseconds < 1000
      ? `${microseconds.toFixed(1)} us`
      : `${(microseconds / 1000).toFixed(2)} ms`;
  process.stdout.write(`${what.padEnd(44)} ${text}\n`);
}

function normals(length: number): Float32Array {
  return Float32Array.from({ length }, () => draw.normal());
}

async function benchMlp(rows: number, widths: readonly number[], times: number): Promise<void> {
  const [first, ...rest] = widths as [number, ...number[]];
  const classes = rest.at(-1)!;
  const trace = trainingTrace();
  const x = input('x', ['B', first]);
  const y = input('y', ['B', 1], 'int64');
  const loss = neg(mean(pick(logSoftmax(mlp(trace, 'm', x, rest)), y)));
  const { weights, tables, draws } = trace;
  const trainer = await createTrainer({ loss, weights, tables, draws, seed: 1, optimiser });
  const labels = BigInt64Array.from({ length: rows }, () => BigInt(draw.below(classes)));
  const feeds = {
    x: { data: normals(rows * first), dims: [rows, first] },
    y: { data: labels, dims: [rows, 1] },
  };
  const batch = { feeds, bags: {}, rows: new Int32Array(rows), rateFactor: 1 };
  say(`step MLP B${rows} ${widths.join('-')}`, await median(times, () => trainer.step(batch)));
  await trainer.close();
}

async function benchTable(rows: number, buckets: number, length: number): Promise<void> {
  const width = 64;
  const table = makeTable({
    rows: buckets,
    width,
    init: { kind: 'uniform', scale: 0.1 },
    random: draw,
  });
  const ids = Int32Array.from({ length: rows * length }, () =>
    Math.floor(buckets * draw.uniform() ** 3),
  );
  const offsets = Int32Array.from({ length: rows + 1 }, (_, i) => i * length);
  const weights = new Float32Array(ids.length).fill(0.1);
  const bags = { form: 'bag' as const, width: buckets, ids, weights, offsets };
  const batch = Int32Array.from({ length: rows }, (_, i) => i);
  const out = new Float32Array(rows * width);
  const gradient = normals(rows * width);
  const name = `table ${buckets} x ${width}, B${rows}, ${length} ids`;
  say(`${name}: sum`, await median(50, () => sum(table, bags, batch, out)));
  say(`${name}: update`, await median(50, () => update(table, bags, batch, gradient, 0.01)));
}

async function benchServing(): Promise<void> {
  const model = (trace: Trace) => softmax(mlp(trace, 'm', input('x', ['B', 64]), [256, 256, 10]));
  const trace = trainingTrace();
  model(trace);
  const weights = Object.fromEntries(
    trace.weights.map(({ name, shape }) => [name, normals(shape.reduce((a, b) => a * b, 1))]),
  );
  const outputs = { y: model(servingTrace({ weights, tables: {} })) };
  const session = await openSession(emit({ name: 'mlp', outputs }));
  for (const rows of [1, 1024]) {
    const feeds = { x: { data: normals(rows * 64), dims: [rows, 64] } };
    say(`inference MLP 64-256-256-10, rows ${rows}`, await median(1000, () => session.run(feeds)));
  }
  await session.close();
}

await benchMlp(256, [64, 256, 256, 10], 300);
await benchMlp(64, [32, 64, 64, 2], 1000);
await benchMlp(1024, [128, 512, 512, 10], 30);
await benchTable(512, 2 ** 18, 100);
await benchTable(512, 2 ** 20, 100);
await benchServing();
