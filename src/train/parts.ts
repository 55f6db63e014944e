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

type Rows = Pick<LabelledRows, 'rows' | 'unit' | 'time'>;

interface Cut {
  readonly options: PartOptions;
  /** Whether every row is held out once. */
  readonly cross: boolean;
}

/** Below so many held-out groups a draw by group would leave route or check without many of them. */
const fewGroups = 20;

/** A class with fewer rows than this is left where its group is, unless all of it is held out. */
const enoughRows = 5;

/** Where the rows of a class lie. */
interface Extent {
  rows: number;
  readonly fold: number;
  readonly unit: number;
  oneFold: boolean;
  oneGroup: boolean;
}

function extents(fold: Int8Array, unit: Uint32Array, truth: Int32Array): Map<number, Extent> {
  const found = new Map<number, Extent>();
  truth.forEach((label, row) => {
    if (label < 0) return;
    const own = found.get(label);
    if (own === undefined) {
      const start = { fold: fold[row]!, unit: unit[row]!, oneFold: true, oneGroup: true };
      found.set(label, { rows: 1, ...start });
      return;
    }
    own.rows++;
    own.oneFold &&= own.fold === fold[row]!;
    own.oneGroup &&= own.unit === unit[row]!;
  });
  return found;
}

/**
 * The classes whose rows would all be held out at once, or, being of one group, never: experts that
 * never met a class say nothing of worth about it, and neither calibration nor a gate can learn
 * from what they say, nor from nothing.
 */
function confined(fold: Int8Array, unit: Uint32Array, truth: Int32Array): Set<number> {
  const labels = [...extents(fold, unit, truth)].filter(
    ([, { rows, fold: own, oneFold, oneGroup }]) =>
      oneFold && (own >= 0 || (oneGroup && rows >= enoughRows)),
  );
  return new Set(labels.map(([label]) => label));
}

/** Deals the rows of confined classes out one by one, whatever their group. */
function release(parts: Parts, cut: Cut, classes: ReadonlySet<number>, truth: Int32Array): void {
  truth.forEach((label, row) => {
    if (!classes.has(label)) return;
    const place = unit(combine(combine(cut.options.seed, 0xc1a55), row));
    if (cut.cross) parts.fold[row] = Math.min(parts.folds - 1, Math.floor(place * parts.folds));
    else parts.fold[row] = place >= 1 - cut.options.holdout ? 0 : -1;
    parts.check[row] = checks(parts, row, row, cut.options.seed);
  });
}

/** How many different numbers there are; a set of millions would take far more than a copy. */
function distinct(numbers: Uint32Array): number {
  const sorted = numbers.slice().sort();
  return sorted.reduce((sum, one, i) => (i > 0 && one === sorted[i - 1] ? sum : sum + 1), 0);
}

/** 1 for a held-out row whose key is drawn for the check. */
function checks({ fold }: Parts, row: number, key: number, seed: number): number {
  const drawn = unit(combine(combine(seed, key), 0x5eed)) < checkShare;
  return fold[row]! >= 0 && drawn ? 1 : 0;
}

/** Row counts of the groups in a random order. */
function shuffled({ unit: units }: Rows, seed: number): [unit: number, rows: number][] {
  const counts = new Map<number, number>();
  for (const one of units) counts.set(one, (counts.get(one) ?? 0) + 1);
  const order = ([one]: [number, number]): number => combine(seed, one);
  return [...counts].sort((a, b) => order(a) - order(b) || a[0] - b[0]);
}

/** Folds of a few groups in turn, so that none is empty; returns how many folds there are. */
function dealGroups(rows: Rows, fold: Int8Array, { options, cross }: Cut): number {
  const groups = shuffled(rows, options.seed);
  const folds = cross ? Math.min(options.folds, groups.length) : 1;
  const place = new Map<number, number>();
  let held = 0;
  groups.forEach(([group, count], i) => {
    const out = cross || (held < options.holdout * rows.rows && i + 1 < groups.length);
    place.set(group, out ? i % folds : -1);
    if (out) held += count;
  });
  rows.unit.forEach((group, row) => {
    fold[row] = place.get(group)!;
  });
  return folds;
}

/** Folds by the hash of the group, or by time; returns how many folds there are. */
function drawGroups(rows: Rows, fold: Int8Array, { options, cross }: Cut): number {
  const folds = cross ? options.folds : 1;
  for (let row = 0; row < rows.rows; row++) {
    const place = rows.time?.[row] ?? unit(combine(options.seed, rows.unit[row]!));
    if (cross) fold[row] = Math.min(folds - 1, Math.floor(place * folds));
    else if (place >= 1 - options.holdout) fold[row] = 0;
  }
  return folds;
}

/**
 * Assigns parts by group; by time the held-out rows are later than those that fit. With `truth` (a
 * class per row, -1 for none) groups are kept only as far as every class can be learned beside its
 * held-out rows; where groups are few, `check` is drawn row by row.
 */
export function cutParts(rows: Rows, options: PartOptions, truth?: Int32Array): Parts {
  const cut: Cut = { options, cross: rows.rows < options.crossFitBelow };
  const fold = new Int8Array(rows.rows).fill(-1);
  const groups = distinct(rows.unit);
  const grouped = groups > 1 && groups < rows.rows;
  const few = grouped && groups < fewGroups && rows.time === undefined;
  const whole = groups > 1 ? rows : { ...rows, unit: Uint32Array.from(rows.unit.keys()) };
  const folds = few ? dealGroups(rows, fold, cut) : drawGroups(whole, fold, cut);
  const parts: Parts = { folds, fold, check: new Uint8Array(rows.rows) };
  const held = distinct(whole.unit.filter((_, row) => fold[row]! >= 0));
  for (let row = 0; row < rows.rows; row++)
    parts.check[row] = checks(parts, row, held < fewGroups ? row : whole.unit[row]!, options.seed);
  if (truth !== undefined && grouped) release(parts, cut, confined(fold, rows.unit, truth), truth);
  return parts;
}
