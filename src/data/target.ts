/** The values of a target column: true and false are labels, not numbers. */
import type { Chunk, Values } from './column.js';
import type { Dataset } from './dataset.js';

/** The target of a chunk; of a BOOLEAN column `true`, `false` or null. */
export function targetOf(data: Pick<Dataset, 'columns'>, chunk: Chunk, name: string): Values {
  const values = chunk.columns[name]!;
  const column = data.columns.find((other) => other.name === name);
  if (column?.type !== 'BOOLEAN' || !(values instanceof Float64Array)) return values;
  return Array.from(values, (value) => (Number.isNaN(value) ? null : String(value === 1)));
}
