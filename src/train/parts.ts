/** Cuts the training rows into parts: experts learn on fit, the gate on route, check chooses. */
import { combine } from '../core/hash.js';
import type { LabelledRows } from './rows.js';

export interface Parts {
  /** Held-out folds that are trained against; 1 for a plain hold-out. */
  readonly folds: number;
  /** [N] fold in which a row is held out, -1 for rows that only ever fit. */
  readonly fold: Int8Array;
  /** [N] 1 for held-out rows that check, 0 for those that route. */
  readonly check: Uint8Array;
}

export interface PartOptions {
  readonly seed: number;
  /** Share of the rows that are held out when rows are many. */
  readonly holdout: number;
  readonly folds: number;
  /** Below so many rows every row is held out once (cross-fitting). */
  readonly crossFitBelow: number;
}

/** Of the held-out rows, so many check and the others route. */
const checkShare = 0.4;

const unit = (hash: number): number => hash / 4294967296;

/** Assigns parts by group; by time the held-out rows are later than those that fit. */
export function cutParts(
  rows: Pick<LabelledRows, 'rows' | 'unit' | 'time'>,
  options: PartOptions,
): Parts {
  const cross = rows.rows < options.crossFitBelow;
  const folds = cross ? options.folds : 1;
  const fold = new Int8Array(rows.rows).fill(-1);
  const check = new Uint8Array(rows.rows);
  for (let row = 0; row < rows.rows; row++) {
    const key = combine(options.seed, rows.unit[row]!);
    const place = rows.time === undefined ? unit(key) : rows.time[row]!;
    if (cross) fold[row] = Math.min(folds - 1, Math.floor(place * folds));
    else if (place >= 1 - options.holdout) fold[row] = 0;
    if (fold[row]! >= 0 && unit(combine(key, 0x5eed)) < checkShare) check[row] = 1;
  }
  return { folds, fold, check };
}
