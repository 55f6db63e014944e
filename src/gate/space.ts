/** A space of few numbers in which a gate compares records, fitted at once from outcomes. */
import type { BagColumn, Column, Columns, ValuesColumn } from '../core/column.js';
import type { Random } from '../core/random.js';
import { isBag, project } from '../tensor/blocks.js';
import { concat, sub } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Features, Learned, Trace } from '../tensor/trace.js';

/** Columns that a gate can read. */
type Readable = ValuesColumn | BagColumn;

/** Numbers that dense features are projected to at random. */
const drawn = 16;
/** How far the random part spreads against the fitted one: the part that was told what matters counts more. */
const drawnSpread = 0.5;
/** Squares that each feature is given besides its own: one that is seldom met tells little. */
const ridge = 10;

/** Numbers of a place in a space that was fitted to so many scores. */
export function spaceSize(scores: number): number {
  return scores + drawn;
}

function readable(columns: Columns): [string, Readable][] {
  return Object.entries(columns).map(([name, column]: [string, Column]) => {
    if (column.form === 'raw') throw new Error(`${name}: a gate cannot read raw values`);
    return [name, column];
  });
}

/** Visits the numbers of a row that are not zero. */
function visit(column: Readable, row: number, see: (place: number, x: number) => void): void {
  if (column.form === 'bag') {
    for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++)
      see(column.ids[i]!, column.weights[i]!);
    return;
  }
  const from = row * column.width;
  for (let j = 0; j < column.width; j++)
    if (column.data[from + j] !== 0) see(j, column.data[from + j]!);
}

/** Means [D] of arrays [n, D]. */
function meansOf(values: Float32Array, size: number): Float64Array {
  const sums = new Float64Array(size);
  values.forEach((value, i) => {
    sums[i % size]! += value;
  });
  return sums.map((sum) => sum / Math.max(1, values.length / size));
}

/** Squared distance from the mean that arrays [n, D] have on average. */
function spreadOf(values: Float32Array, size: number): number {
  const means = meansOf(values, size);
  const total = values.reduce((sum, value, i) => sum + (value - means[i % size]!) ** 2, 0);
  return total / Math.max(1, values.length / size);
}

/** Some rows of [N, D] targets, less their means. */
function centred(targets: Float32Array, rows: Int32Array, size: number): Float32Array {
  const own = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    own.set(targets.subarray(row * size, (row + 1) * size), i * size);
  });
  const means = meansOf(own, size);
  return own.map((value, i) => value - means[i % size]!);
}

/** The slope of each target by each number of a column alone, by least squares with a ridge: [width, D]. */
function slopes(
  column: Readable,
  rows: Int32Array,
  targets: Float32Array,
  size: number,
): Float32Array {
  const sums = new Float64Array(column.width);
  const squares = new Float64Array(column.width);
  const products = new Float64Array(column.width * size);
  rows.forEach((row, i) => {
    visit(column, row, (j, x) => {
      sums[j]! += x;
      squares[j]! += x * x;
      for (let d = 0; d < size; d++) products[j * size + d]! += x * targets[i * size + d]!;
    });
  });
  return Float32Array.from(products, (product, at) => {
    const j = Math.floor(at / size);
    const own = squares[j]! - sums[j]! ** 2 / Math.max(1, rows.length);
    return product / (Math.max(0, own) + ridge);
  });
}

type Maps = Readonly<Record<string, Float32Array>>;

/** Where rows lie by linear maps [width, D], one for each column: [rows, D]. */
function mapped(maps: Maps, columns: Columns, rows: Int32Array, size: number): Float32Array {
  const places = new Float32Array(rows.length * size);
  for (const [name, column] of readable(columns)) {
    const map = maps[name];
    if (map === undefined) continue;
    rows.forEach((row, i) => {
      visit(column, row, (j, x) => {
        for (let d = 0; d < size; d++) places[i * size + d]! += x * map[j * size + d]!;
      });
    });
  }
  return places;
}

const scaled = (map: Float32Array, by: number): Float32Array => map.map((value) => value * by);
/** What brings a mean square to `spread` squared; nothing is made of what does not vary. */
const scaleTo = (spread: number, square: number): number =>
  square > 1e-12 ? spread / Math.sqrt(square) : 0;

/** Every number of every column as what it tells of each target by itself; together they spread by 1. */
function toldMaps(columns: Columns, targets: Float32Array, rows: Int32Array, size: number): Maps {
  const own = centred(targets, rows, size);
  const maps = readable(columns).map(([name, column]): [string, Float32Array] => [
    name,
    slopes(column, rows, own, size),
  ]);
  const places = mapped(Object.fromEntries(maps), columns, rows, size);
  const scale = scaleTo(1, spreadOf(places, size));
  return Object.fromEntries(maps.map(([name, map]) => [name, scaled(map, scale)]));
}

/** Random projections of the dense columns, all of the same spread (Johnson and Lindenstrauss 1984). */
function drawnMaps(columns: Columns, rows: Int32Array, stream: Random): Maps {
  const dense = readable(columns).filter(([, { form }]) => form === 'values');
  return Object.fromEntries(
    dense.map(([name, column]) => {
      const map = Float32Array.from({ length: column.width * drawn }, () => stream.normal());
      const places = mapped({ [name]: map }, columns, rows, drawn);
      const scale = scaleTo(drawnSpread / Math.sqrt(dense.length), spreadOf(places, drawn));
      return [name, scaled(map, scale)];
    }),
  );
}

/** A linear map of all columns to a place, less the mean place. */
export interface Space {
  readonly told: Maps;
  readonly drawn: Maps;
  /** [D] taken off, so that float32 can tell near places apart. */
  readonly centre: Float32Array;
}

/** Where rows lie before the centre is taken off. */
function placed({ told, drawn: random }: Pick<Space, 'told' | 'drawn'>, columns: Columns) {
  return (rows: Int32Array, scores: number): Float32Array => {
    const size = spaceSize(scores);
    const first = mapped(told, columns, rows, scores);
    const second = mapped(random, columns, rows, drawn);
    const places = new Float32Array(rows.length * size);
    rows.forEach((_, i) => {
      places.set(first.subarray(i * scores, (i + 1) * scores), i * size);
      places.set(second.subarray(i * drawn, (i + 1) * drawn), i * size + scores);
    });
    return places;
  };
}

/**
 * Fits a space to targets [N, D] of some rows. One part is what the features tell of the targets, so
 * that what tells nothing parts no records; the other takes dense features as they are, since where
 * an expert is good only here and there no single feature tells it. What is absent is zeros or an empty
 * bag, and the presence bits are a feature like others.
 */
export function fitSpace(
  columns: Columns,
  targets: Float32Array,
  rows: Int32Array,
  scores: number,
  stream: Random,
): Space {
  const told = toldMaps(columns, targets, rows, scores);
  const random = drawnMaps(columns, rows, stream);
  const places = placed({ told, drawn: random }, columns)(rows, scores);
  return { told, drawn: random, centre: Float32Array.from(meansOf(places, spaceSize(scores))) };
}

/** Where rows lie in a space, [rows, D]. */
export function placesIn(space: Space, columns: Columns, rows: Int32Array, scores: number) {
  const places = placed(space, columns)(rows, scores);
  const { centre } = space;
  return places.map((value, i) => value - centre[i % centre.length]!);
}

/** A space as what a gate learned; `located` reads it. */
export function learnedSpace(space: Space, columns: Columns): Learned {
  const weights: Record<string, Float32Array> = { centre: space.centre };
  const tables: Record<string, Float32Array> = {};
  for (const [name, column] of readable(columns)) {
    if (column.form === 'bag') tables[`told/${name}`] = space.told[name]!;
    else {
      weights[`told/${name}/weight`] = space.told[name]!;
      weights[`drawn/${name}/weight`] = space.drawn[name]!;
    }
  }
  return { weights, tables };
}

/** Where records lie in the learned space, [B, D]. */
export function located(trace: Trace, features: Features, scores: number): Tensor {
  const dense = Object.entries(features).filter(([, feature]) => !isBag(feature));
  const parts = [
    project(trace, 'told', features, scores),
    project(trace, 'drawn', Object.fromEntries(dense), drawn),
  ];
  return sub(concat(parts, 1), trace.fitted('centre', spaceSize(scores)));
}
