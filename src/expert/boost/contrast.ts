/** Contrasts of two numbers that go together: what a tree that splits by one number at a time cannot see. */
import type { ValuesColumn } from '../../core/column.js';

/**
 * Added for each of the two that is given: scaled values lie within 3 of 0, so that a contrast of two
 * lies above what is left where one is absent, and that above nothing.
 */
const apart = 10;

/** Pairs whose contrast spreads by less than this say the same twice. */
const sameSpread = 1e-3;

/** Rows by which pairs are chosen: of many pairs fewer rows, so that the work is bounded. */
const mostSeen = 20_000;
const fewestSeen = 256;
const mostLooks = 2e8;

function seenOf(numbers: number): number {
  return Math.min(mostSeen, Math.max(fewestSeen, Math.floor((2 * mostLooks) / numbers ** 2)));
}

/** Where the value of a number and its presence stand among the ports side by side. */
interface Place {
  readonly column: ValuesColumn;
  readonly at: number;
}

/** Ports of one scaled value and its presence. */
function numbersOf(columns: readonly ValuesColumn[]): Place[] {
  let at = 0;
  return columns.flatMap((column) => {
    const from = at;
    at += column.width;
    return column.width === 2 ? [{ column, at: from }] : [];
  });
}

interface Pair {
  readonly first: Place;
  readonly second: Place;
  /** -1 where they rise together, so that the contrast is their difference. */
  readonly sign: number;
  readonly strength: number;
}

/** How two numbers go together in the rows that have both, of about `seen`. */
function pairOf(first: Place, second: Place, seen: number): Pair | undefined {
  const [a, b] = [first.column.data, second.column.data];
  const every = 2 * Math.ceil(a.length / 2 / seen);
  let [n, sumA, sumB, squareA, squareB, product] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i += every) {
    if (a[i + 1] === 0 || b[i + 1] === 0) continue;
    n++;
    sumA += a[i]!;
    sumB += b[i]!;
    squareA += a[i]! ** 2;
    squareB += b[i]! ** 2;
    product += a[i]! * b[i]!;
  }
  const spread = (sum: number, squares: number): number =>
    Math.max(0, squares / n - (sum / n) ** 2);
  const both = product / n - (sumA / n) * (sumB / n);
  const [ofA, ofB] = [spread(sumA, squareA), spread(sumB, squareB)];
  const sign = both > 0 ? -1 : 1;
  // Absent rows make NaN of n = 0, which no comparison holds for.
  if (!(ofA * ofB > 0 && ofA + ofB + 2 * sign * both > sameSpread ** 2)) return undefined;
  return { first, second, sign, strength: Math.abs(both) / Math.sqrt(ofA * ofB) };
}

/**
 * The matrix [contrasts, numbers] that takes ports side by side to contrasts: differences of numbers
 * that rise together, sums of such as fall; at most `most`, those that go together best.
 */
export function contrastMatrix(columns: readonly ValuesColumn[], most: number): Float32Array {
  const numbers = numbersOf(columns);
  const seen = seenOf(numbers.length);
  const pairs = numbers
    .flatMap((first, i) => numbers.slice(i + 1).map((second) => pairOf(first, second, seen)))
    .filter((pair) => pair !== undefined)
    .sort((a, b) => b.strength - a.strength)
    .slice(0, most);
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const matrix = new Float32Array(pairs.length * width);
  pairs.forEach(({ first, second, sign }, p) => {
    matrix[p * width + first.at] = 1;
    matrix[p * width + second.at] = sign;
    matrix[p * width + first.at + 1] = apart;
    matrix[p * width + second.at + 1] = apart;
  });
  return matrix;
}

/** The contrasts of rows, [N] each. */
export function contrastColumns(
  columns: readonly ValuesColumn[],
  matrix: Float32Array,
): Float32Array[] {
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const numbers = numbersOf(columns);
  return Array.from({ length: width === 0 ? 0 : matrix.length / width }, (_, p) => {
    const own = matrix.subarray(p * width, (p + 1) * width);
    const used = numbers.filter(({ at }) => own[at] !== 0);
    const rows = used[0]!.column.data.length / 2;
    const contrast = new Float32Array(rows);
    for (const { column, at } of used)
      for (let row = 0; row < rows; row++)
        contrast[row]! +=
          own[at]! * column.data[row * 2]! + own[at + 1]! * column.data[row * 2 + 1]!;
    return contrast;
  });
}
