/** Names for the groups whose rows must stay together. */
import type { Dataset } from './dataset.js';
import { hashExpression, jointExpression, requireColumns } from './key.js';

/** One 32-bit hash of the columns' values for every row in file order; throws MonbanError. */
export async function units(dataset: Dataset, columns: readonly string[]): Promise<Uint32Array> {
  requireColumns(dataset.columns, columns, 'group');
  return Uint32Array.from(
    await dataset.evaluate(hashExpression(jointExpression(columns)), 'group'),
  );
}
