/** Names for the groups whose rows must stay together. */
import { joinArrays } from '../core/join.js';
import type { Dataset } from './dataset.js';
import { hashExpression, jointExpression, requireColumns } from './key.js';

/** One 32-bit hash of the columns' values for every row in file order; throws MonbanError. */
export async function units(dataset: Dataset, columns: readonly string[]): Promise<Uint32Array> {
  requireColumns(dataset.columns, columns, 'group');
  const found: Uint32Array[] = [];
  for await (const some of dataset.numbers(hashExpression(jointExpression(columns)), 'group'))
    found.push(Uint32Array.from(some));
  return joinArrays(Uint32Array, found);
}
