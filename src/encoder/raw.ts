/** Raw ports: the values of a field as they were given, for models that Monban did not train. */
import type { Port, RawColumn } from '../core/column.js';
import type { Values } from '../data/column.js';

/** The port of values that are numbers, or texts. */
export function rawPort(holds: NonNullable<Port['holds']>): Port {
  return { form: 'raw', width: 1, cheap: false, holds };
}

/** The values themselves; those that do not count as given are never read. */
export function rawColumn(values: Values): RawColumn {
  return { form: 'raw', width: 1, data: values as RawColumn['data'] };
}
