/** Dense ports as columns in which an absent field has a place of its own. */
import type { ValuesColumn } from '../../core/column.js';

/**
 * Added to what is given: the ports end in a 1 for presence and are zeros without it, and scaled
 * values are seldom below -4, so that absent fields lie below all that is given.
 */
export const shift = 4;

/** How many columns a dense port of this width makes. */
export const columnsIn = (width: number): number => Math.max(1, width - 1);

/** The matrix [numbers, columns] that takes the ports, side by side, to their columns. */
export function shiftMatrix(widths: readonly number[]): Float32Array {
  const columns = widths.reduce((sum, width) => sum + columnsIn(width), 0);
  const numbers = widths.reduce((sum, width) => sum + width, 0);
  const matrix = new Float32Array(numbers * columns);
  let [from, to] = [0, 0];
  for (const width of widths) {
    const own = columnsIn(width);
    for (let i = 0; i < own; i++) {
      matrix[(from + i) * columns + to + i] = 1;
      if (width > 1) matrix[(from + width - 1) * columns + to + i] = shift;
    }
    from += width;
    to += own;
  }
  return matrix;
}

/** The columns of one port: [N] each. */
export function valueColumns({ width, data }: ValuesColumn): Float32Array[] {
  const rows = data.length / width;
  return Array.from({ length: columnsIn(width) }, (_, i) => {
    const column = new Float32Array(rows);
    for (let row = 0, at = 0; row < rows; row++, at += width)
      column[row] = data[at + i]! + (width > 1 ? shift * data[at + width - 1]! : 0);
    return column;
  });
}
