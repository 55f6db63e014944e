/** The smallest change that sends a record elsewhere: other values first, then values left out. */
import type { Values } from '../data/column.js';
import type { Value } from '../encoder/encoder.js';
import { type Batch, takeValues } from './batch.js';
import type { Predictor, RunOptions } from './decide.js';
import { coderOf, type Model } from './model.js';
import type { Routed } from './routed.js';

/** One field with another value; `to` is null where the field is left out. */
export interface Change {
  readonly field: string;
  readonly from: Value;
  readonly to: Value;
}

/** A change that may be tried, and how large it counts. */
export interface Candidate extends Change {
  /** Place among the field's neighbours, nearest first; leaving a field out counts more than any. */
  readonly size: number;
}

export interface Search {
  /** The fewest and then the smallest changes that ask an expert who is not asked now. */
  readonly changes: readonly Change[] | null;
  /** How many sets of changes were tried. */
  readonly tried: number;
}

/** Leaving a field out is the last resort: larger than the place of any neighbour. */
const leftOut = 1000;
/** Pairs start from the one best change of each of so many fields. */
const mostSeeds = 6;
const rowsAtOnce = 512;

type Variant = readonly Candidate[];

/** Every change of one field of a batch of one row that the kinds of the fields offer. */
export function candidates(model: Model, batch: Batch, given: readonly string[]): Candidate[] {
  return given.flatMap((field) => {
    const from = batch.values[field]![0] as Value;
    const others = coderOf(model, field).neighbours?.(from) ?? [];
    return [
      ...others.map((to, size): Candidate => ({ field, from, to, size })),
      { field, from, to: null, size: leftOut },
    ];
  });
}

function valuesOf(field: string, column: Values, variants: readonly (readonly Change[])[]): Values {
  const values = takeValues(column, new Int32Array(variants.length)) as Value[];
  variants.forEach((variant, row) => {
    const change = variant.find((one) => one.field === field);
    if (change !== undefined && change.to !== null) values[row] = change.to;
  });
  return values as Values;
}

/** One row for each set of changes, and what is hidden in it. */
export function varied(
  batch: Batch,
  variants: readonly (readonly Change[])[],
): { batch: Batch; options: RunOptions } {
  const values = Object.entries(batch.values).map(([field, column]): [string, Values] => [
    field,
    valuesOf(field, column, variants),
  ]);
  const hidden = variants.map(
    (variant) => new Set(variant.filter(({ to }) => to === null).map(({ field }) => field)),
  );
  return {
    batch: { rows: variants.length, values: Object.fromEntries(values) },
    options: { hiddenAt: (row, field) => hidden[row]!.has(field) },
  };
}

/** How far a row is from asking somebody else: 0 or less when an expert not in `now` is asked. */
function gap(routed: Routed, row: number, now: readonly boolean[], shared: number): number {
  const at = row * now.length;
  let last = Number.POSITIVE_INFINITY;
  let next = Number.NEGATIVE_INFINITY;
  for (let e = 0; e < now.length; e++) {
    const asked = routed.mask[at + e]! > 0;
    if (asked && !now[e]) return 0;
    if (asked && e !== shared) last = Math.min(last, routed.selection[at + e]!);
    if (!now[e] && routed.open[at + e]! > 0) next = Math.max(next, routed.selection[at + e]!);
  }
  // With a shared expert alone, the next one must come up to what that one scores.
  if (shared >= 0) last = Math.min(last, routed.scores[at + shared]!);
  return next === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(1e-9, last - next);
}

async function gaps(
  predictor: Predictor,
  batch: Batch,
  variants: readonly Variant[],
  now: readonly boolean[],
): Promise<number[]> {
  const found: number[] = [];
  for (let from = 0; from < variants.length; from += rowsAtOnce) {
    const part = varied(batch, variants.slice(from, from + rowsAtOnce));
    const routed = await predictor.run(part.batch, { ...part.options, routeOnly: true });
    for (let row = 0; row < routed.rows; row++)
      found.push(gap(routed, row, now, predictor.model.manifest.gate.shared));
  }
  return found;
}

const sizeOf = (variant: Variant): number => variant.reduce((sum, { size }) => sum + size, 0);

/** The smallest of the variants that ask somebody else; of equal ones the first. */
function smallest(variants: readonly Variant[], found: readonly number[]): Variant | undefined {
  return variants
    .filter((_, i) => found[i]! <= 0)
    .reduce<Variant | undefined>(
      (best, one) => (best === undefined || sizeOf(one) < sizeOf(best) ? one : best),
      undefined,
    );
}

/** The change of each field that comes nearest to another route, the nearest fields only. */
function seedsOf(singles: readonly Variant[], found: readonly number[]): Candidate[] {
  const best = new Map<string, number>();
  singles.forEach(([change], i) => {
    const old = best.get(change!.field);
    if (old === undefined || found[i]! < found[old]!) best.set(change!.field, i);
  });
  return [...best.values()]
    .sort((a, b) => found[a]! - found[b]!)
    .slice(0, mostSeeds)
    .map((i) => singles[i]![0]!);
}

/**
 * Searches the changes of one field, and where none is enough, pairs that begin with the best ones.
 * `routed` is what the gate says about the batch (of one row) as it is.
 */
export async function seekFlip(
  predictor: Predictor,
  batch: Batch,
  routed: Routed,
  given: readonly string[],
): Promise<Search> {
  const { model } = predictor;
  const now = model.manifest.experts.map((_, e) => routed.mask[e]! > 0);
  if (now.every((asked) => asked)) return { changes: null, tried: 0 };
  const all = candidates(model, batch, given);
  const singles = all.map((change): Variant => [change]);
  const said = await gaps(predictor, batch, singles, now);
  const one = smallest(singles, said);
  if (one !== undefined) return { changes: plain(one), tried: singles.length };
  const pairs = seedsOf(singles, said).flatMap((seed) =>
    all.filter(({ field }) => field !== seed.field).map((other): Variant => [seed, other]),
  );
  const two = smallest(pairs, await gaps(predictor, batch, pairs, now));
  const tried = singles.length + pairs.length;
  return { changes: two === undefined ? null : plain(two), tried };
}

/** What was loaded is told by its size. */
const told = (value: Value): Value =>
  value instanceof Uint8Array ? `${value.length} bytes` : value;

function plain(variant: Variant): Change[] {
  return variant.map(({ field, from, to }) => ({ field, from: told(from), to: told(to) }));
}
