/** The mixture's answers to many rows, and who was asked first. */
import type { Values } from '../data/column.js';
import type { Truth } from '../objective/objective.js';
import { type Batch, sliceBatch } from '../predict/batch.js';
import type { Predictor, Routed } from '../predict/predictor.js';

/** Rows that are decided together. */
export const sliceRows = 1024;

/** N rows, V numbers of an answer. */
export interface Decided {
  /** [N, V] */
  readonly answers: Float32Array;
  /** [N] index of the expert of most weight, -1 where nobody was asked. */
  readonly first: Int32Array;
  /** Experts asked, over all rows. */
  readonly asked: number;
}

/** The expert of most weight in each row, -1 where nobody was asked. */
export function firstChoices({ rows, mask, logWeights }: Routed, experts: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    let best = -1;
    for (let e = 0; e < experts; e++) {
      const at = row * experts + e;
      if (mask[at]! > 0 && (best < 0 || logWeights[at]! > logWeights[row * experts + best]!))
        best = e;
    }
    return best;
  });
}

/** The target as the model's objective knows it; throws MonbanError for what it cannot be. */
export function truthOf({ model }: Predictor, target: Values): Truth {
  return model.objective.encode(target, model.state, `target ${model.manifest.target}`);
}

/** Arrays one after the other. */
export function join(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Decides every row of a batch. */
export async function decideAll(predictor: Predictor, batch: Batch): Promise<Decided> {
  const answers: Float32Array[] = [];
  const first: number[] = [];
  let asked = 0;
  for (let from = 0; from < batch.rows; from += sliceRows) {
    const part = sliceBatch(batch, from, Math.min(batch.rows, from + sliceRows));
    const routed = await predictor.run(part);
    answers.push(routed.answers);
    first.push(...firstChoices(routed, predictor.model.manifest.experts.length));
    asked += routed.mask.reduce((sum, bit) => sum + bit, 0);
  }
  return { answers: join(answers), first: Int32Array.from(first), asked };
}
