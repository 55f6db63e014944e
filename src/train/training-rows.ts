/** The rows that train, as they come: all in memory where they fit, else read anew for each pass. */
import { combine } from '../core/hash.js';
import { joinArrays } from '../core/join.js';
import type { Chunk, Values } from '../data/column.js';
import type { Dataset } from '../data/dataset.js';
import type { Plan } from '../mixture/plan.js';
import { type Batch, chunkBatch, sliceBatch, takeValues, textColumns } from '../predict/batch.js';
import { checkColumns, type LabelledRows, readKeys, readRows } from './rows.js';

export interface TrainingRows extends Omit<LabelledRows, 'values'> {
  /** What encoders learn from: all rows, or of many a sample. */
  sample(): Promise<Batch>;
  /** The first rows, at most `count`. */
  head(count: number): Promise<Batch>;
  /** All rows in order, `size` at a time; without it as they come. */
  batches(size?: number): AsyncIterable<Batch>;
}

/** Encoders learn from at most so many rows of those that do not fit into memory. */
const mostSampled = 200_000;
/** What is read at first to see how large rows are. */
const looked = 200;
const usualMemory = 1024;
const perString = 24;

/** Bytes that rows may take: what a spec sets, or a gigabyte. */
export function memoryOf(plan: Plan): number {
  return (plan.spec.training.memory ?? usualMemory) * 2 ** 20;
}

/** Rows in memory. */
export function inMemory({ values, ...rest }: LabelledRows): TrainingRows {
  const all: Batch = { rows: rest.rows, values };
  return {
    ...rest,
    sample: () => Promise.resolve(all),
    head: (count) => Promise.resolve(sliceBatch(all, 0, Math.min(count, all.rows))),
    async *batches(size = Math.max(1, all.rows)) {
      for (let from = 0; from < all.rows; from += size)
        yield sliceBatch(all, from, Math.min(all.rows, from + size));
    },
  };
}

/** Bytes that a value takes in memory, about. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 8 + perString + value.length;
  if (!Array.isArray(value)) return 8;
  // Texts of small numbers, such as pixels, are shared.
  return value.reduce(
    (sum: number, item) => sum + (String(item).length <= 3 ? 8 : bytesOf(item)),
    8 + perString,
  );
}

function chunkBytes({ rows, columns }: Chunk): number {
  let total = 0;
  for (const values of Object.values(columns)) for (const value of values) total += bytesOf(value);
  return total / Math.max(1, rows);
}

function joinValues(parts: readonly Values[]): Values {
  const [first] = parts;
  if (!(first instanceof Float64Array)) return parts.flatMap((part) => [...part]) as Values;
  return joinArrays(Float64Array, parts as readonly Float64Array[]);
}

function joinBatches(batches: readonly Batch[]): Batch {
  if (batches.length === 1) return batches[0]!;
  const values = Object.keys(batches[0]!.values).map((name) => [
    name,
    joinValues(batches.map((batch) => batch.values[name]!)),
  ]);
  return {
    rows: batches.reduce((sum, { rows }) => sum + rows, 0),
    values: Object.fromEntries(values),
  };
}

/** The same rows, exactly `size` at a time. */
async function* regular(batches: AsyncIterable<Batch>, size: number): AsyncGenerator<Batch> {
  let waiting: Batch[] = [];
  let count = 0;
  for await (const batch of batches) {
    waiting.push(batch);
    count += batch.rows;
    if (count < size) continue;
    const all = joinBatches(waiting);
    let from = 0;
    for (; from + size <= count; from += size) yield sliceBatch(all, from, from + size);
    waiting = from < count ? [sliceBatch(all, from, count)] : [];
    count -= from;
  }
  if (count > 0) yield joinBatches(waiting);
}

/** Places of `kept` (rows in file order, rising) that lie in rows [from, to), counted from there. */
function placesIn(kept: Int32Array, cursor: number, from: number, to: number): Int32Array {
  let end = cursor;
  while (end < kept.length && kept[end]! < to) end++;
  return kept.subarray(cursor, end).map((row) => row - from);
}

/** Batches of the rows `kept`, in order. */
async function* readKept(plan: Plan, data: Dataset, kept: Int32Array): AsyncGenerator<Batch> {
  const columns = [...new Set(plan.fields.map(({ column }) => column))];
  let from = 0;
  let cursor = 0;
  for await (const chunk of data.chunks(columns, { texts: textColumns(plan.fields) })) {
    const rows = placesIn(kept, cursor, from, from + chunk.rows);
    const batch = chunkBatch(chunk, plan.fields, from + 1);
    cursor += rows.length;
    from += chunk.rows;
    if (rows.length === 0) continue;
    const taken = Object.entries(batch.values).map(([name, values]) => [
      name,
      takeValues(values, rows),
    ]);
    yield { rows: rows.length, values: Object.fromEntries(taken) };
  }
}

function sampled(kept: Int32Array, most: number, seed: number): Int32Array {
  if (kept.length <= most) return kept;
  const limit = (most / kept.length) * 2 ** 32;
  return kept.filter((row) => combine(combine(seed, 0x5a3b1e), row) < limit);
}

async function streamed(
  plan: Plan,
  data: Dataset,
  part: 0 | 1,
  bytes: number,
): Promise<TrainingRows> {
  const { kept, ...keys } = await readKeys(plan, data, part);
  const { seed } = plan.spec.training;
  const most = Math.min(mostSampled, Math.max(1000, Math.floor(memoryOf(plan) / 8 / bytes)));
  const batches = (size?: number): AsyncIterable<Batch> => {
    const read = readKept(plan, data, kept);
    return size === undefined ? read : regular(read, size);
  };
  return {
    ...keys,
    batches,
    async sample() {
      const parts: Batch[] = [];
      for await (const batch of readKept(plan, data, sampled(kept, most, seed))) parts.push(batch);
      return joinBatches(parts);
    },
    async head(count) {
      const rows = kept.subarray(0, count);
      for await (const batch of regular(readKept(plan, data, rows), count)) return batch;
      throw new Error('there are no rows');
    },
  };
}

/**
 * The training rows (part 0) or the test rows (part 1) of a plan's data, which must stay open while they are used. They are held in
 * memory where that takes a quarter of `training.memory` at most.
 */
export async function openRows(plan: Plan, data: Dataset, part: 0 | 1 = 0): Promise<TrainingRows> {
  checkColumns(plan, data);
  const columns = [...new Set(plan.fields.map(({ column }) => column))];
  const bytes = chunkBytes(await data.read(columns, { limit: looked }));
  const fits = (await data.rows()) * bytes <= memoryOf(plan) / 4;
  return fits ? inMemory(await readRows(plan, data, part)) : streamed(plan, data, part, bytes);
}
