/** Times several models on the same records, one record at a time, in turns, in one process. */

import { quantile } from '../../src/core/statistic.js';
import type { Values } from '../../src/data/column.js';
import { allRows, type Batch, sliceBatch } from '../../src/predict/batch.js';
import { encodeLazily } from '../../src/predict/encoded.js';
import { loadBatch } from '../../src/predict/load.js';
import { askExpert, presenceOf } from '../../src/predict/model.js';
import type { Predictor } from '../../src/predict/predictor.js';
import { type Kind, kinds } from './plan.js';
import { rowsByKind, takeBatch } from './score.js';

/** Something that answers records, and what it takes. */
export interface Timed {
  readonly name: string;
  answer(batch: Batch, kind: Kind): Promise<unknown>;
}

/** Milliseconds per record. */
export interface Times {
  readonly kinds: Readonly<Record<Kind, number>>;
  /** In the proportions of the stream. */
  readonly all: number;
  /** The same in batches of mixed records. */
  readonly batch: number;
}

const mostRecords = 150;
const rounds = 5;
const batchRows = 256;

/** One expert by itself, its fields encoded and no gate or pool run. */
export async function askAlone({ model }: Predictor, given: Batch): Promise<Float32Array> {
  const batch = await loadBatch(model, given);
  const encoded = encodeLazily(model, batch, presenceOf(model, batch));
  const all = allRows(batch);
  for (const port of model.manifest.experts[0]!.ports) encoded.want(port, all);
  return askExpert(model, 0, encoded, all);
}

async function once(one: Timed, batch: Batch, kind: Kind): Promise<number> {
  const start = performance.now();
  await one.answer(batch, kind);
  return performance.now() - start;
}

/** Each model answers in turn, the first one changing; the median of the rounds after a first one, per model. */
async function inTurns(models: readonly Timed[], batch: Batch, kind: Kind): Promise<number[]> {
  const times = models.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < models.length; turn++) {
      const m = (turn + round) % models.length;
      const ms = await once(models[m]!, batch, kind);
      if (round > 0) times[m]!.push(ms);
    }
  }
  return times.map((own) => quantile(own, 0.5));
}

/** Sums of the medians over batches, per model. */
async function timeAll(
  models: readonly Timed[],
  batches: readonly Batch[],
  kind: Kind,
): Promise<number[]> {
  const sums = models.map(() => 0);
  for (const batch of batches) {
    const times = await inTurns(models, batch, kind);
    times.forEach((ms, m) => {
      sums[m]! += ms;
    });
  }
  return sums;
}

/** Evenly chosen rows, at most so many. */
function some(rows: Int32Array, most: number): Int32Array {
  const step = Math.max(1, rows.length / most);
  return Int32Array.from(
    { length: Math.min(most, rows.length) },
    (_, i) => rows[Math.floor(i * step)]!,
  );
}

/** Milliseconds per record of every model, by kind of record and over the stream. */
export async function timeModels(
  models: readonly Timed[],
  { batch, target }: { readonly batch: Batch; readonly target: Values },
): Promise<Times[]> {
  const own = rowsByKind(target);
  const perKind: Record<string, number[]> = {};
  for (const kind of kinds) {
    const rows = takeBatch(batch, some(own[kind], mostRecords));
    const singles = Array.from({ length: rows.rows }, (_, row) => sliceBatch(rows, row, row + 1));
    perKind[kind] = (await timeAll(models, singles, kind)).map((sum) => sum / rows.rows);
  }
  const mixed = takeBatch(batch, some(allRows(batch), 4 * batchRows));
  const batches = Array.from({ length: 4 }, (_, i) =>
    sliceBatch(mixed, i * batchRows, (i + 1) * batchRows),
  );
  const together = await timeAll(models, batches, 'scan');
  return models.map((_, m) => ({
    kinds: Object.fromEntries(kinds.map((kind) => [kind, perKind[kind]![m]!])) as Times['kinds'],
    all: kinds.reduce(
      (sum, kind) => sum + (perKind[kind]![m]! * own[kind].length) / target.length,
      0,
    ),
    batch: together[m]! / mixed.rows,
  }));
}
