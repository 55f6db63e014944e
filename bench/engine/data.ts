/** Random batches, and the starting values that both sides are given. */
import { random } from '../../src/core/random.js';
import type { Numbers } from '../../src/runtime/session.js';
import type { Trainer } from '../../src/runtime/trainer.js';
import type { TrainingTrace } from '../../src/tensor/trace.js';

const stream = random(1, 'bench');

/** Normal numbers of a shape. */
export function normals(dims: readonly number[]): Numbers {
  const length = dims.reduce((a, b) => a * b, 1);
  return { data: Float32Array.from({ length }, () => stream.normal()), dims };
}

/** Labels [B, 1] below `classes`. */
export function labels(rows: number, classes: number): Numbers {
  const data = BigInt64Array.from({ length: rows }, () => BigInt(stream.below(classes)));
  return { data, dims: [rows, 1] };
}

/** Ids below `buckets`, low ones more often, as words are. */
export function skewedIds(length: number, buckets: number): Int32Array {
  return Int32Array.from({ length }, () => Math.floor(buckets * stream.uniform() ** 3));
}

/** What a trainer starts from, with shapes. */
export function startOf(trace: TrainingTrace, trainer: Trainer) {
  const { weights, tables } = trainer.values();
  return {
    weights: Object.fromEntries(
      trace.weights.map(({ name, shape }) => [name, { data: weights[name]!, dims: shape }]),
    ),
    tables: Object.fromEntries(
      trace.tables.map(({ name, rows, width }) => [
        name,
        { data: tables[name]!, dims: [rows, width] },
      ]),
    ),
  };
}
