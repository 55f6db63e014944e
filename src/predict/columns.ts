/** Finds the columns of a model in a data set; a field without a column counts as missing. */
import { type Fault, MonbanError, show } from '../core/fault.js';
import { nearest, slipOf } from '../core/nearest.js';
import type { Dataset } from '../data/dataset.js';
import type { Manifest } from '../mixture/bundle.js';

export interface ModelColumns {
  /** The columns to read, the target last where it is wanted. */
  readonly read: readonly string[];
  /** The columns of the model that the data lacks. */
  readonly absent: readonly string[];
}

function lacking(column: string, close: string | undefined, names: readonly string[]): Fault {
  const todo =
    close === undefined
      ? `the data has ${names.slice(0, 12).join(', ')}`
      : `did you mean ${show(close)}?`;
  return { where: 'data', expected: `a column ${show(column)}`, found: 'no such column', todo };
}

/**
 * Throws MonbanError when the wanted target is lacking, when a column seems mistyped, and when
 * there is no field at all: then it is other data.
 */
export function columnsOf(
  { fields, target }: Pick<Manifest, 'fields' | 'target'>,
  data: Dataset,
  withTarget: boolean,
): ModelColumns {
  const names = data.columns.map(({ name }) => name);
  const own = [...new Set(fields.map(({ column }) => column))];
  const absent = own.filter((column) => !names.includes(column));
  const extra = names.filter((name) => !own.includes(name) && name !== target);
  const faults = absent.flatMap((column) => {
    const slip = slipOf(column, extra);
    if (slip !== undefined) return [lacking(column, slip, names)];
    return absent.length === own.length ? [lacking(column, nearest(column, extra), names)] : [];
  });
  if (withTarget && !names.includes(target))
    faults.push(lacking(target, nearest(target, extra), names));
  if (faults.length > 0) throw new MonbanError(faults);
  const given = own.filter((column) => names.includes(column));
  return { read: withTarget ? [...given, target] : given, absent };
}
