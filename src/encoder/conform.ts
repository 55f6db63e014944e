/** Brings a column of any storage into the storage that a field kind reads. */
import { MonbanError, show } from '../core/fault.js';
import type { Values } from '../data/column.js';
import { isMissingMark } from '../data/missing.js';
import type { Storage } from './encoder.js';

type Item = number | string | readonly string[] | null;

/** A column without any value may come as numbers; numbers themselves are neither text nor list. */
function toAny(numbers: Float64Array, where: string, first: number): Values {
  return Array.from(numbers, (value, row) => {
    if (Number.isNaN(value)) return null;
    throw new MonbanError({
      where: `${where}, record ${row + first}`,
      expected: 'a text or a list',
      found: show(value),
      todo: 'mend the value, or give the field another kind in the spec',
    });
  });
}

function toNumber(value: Item, where: string, row: number): number {
  if (value === null) return Number.NaN;
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    if (isMissingMark(value)) return Number.NaN;
    const parsed = Number(value);
    if (!Number.isNaN(parsed)) return parsed;
    const truth = /^\s*(true|false)\s*$/i.exec(value)?.[1];
    if (truth !== undefined) return Number(truth.toLowerCase() === 'true');
  }
  throw new MonbanError({
    where: `${where}, record ${row}`,
    expected: 'a number, nothing, or a mark of a missing one such as NA',
    found: show(value),
    todo: 'mend the value, or give the field another kind in the spec',
  });
}

function toText(value: Item): string | null {
  if (value === null || (typeof value === 'number' && Number.isNaN(value))) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.join(' ');
  return String(value);
}

function toList(value: Item): readonly string[] | null {
  if (value === null || (typeof value === 'number' && Number.isNaN(value))) return null;
  if (Array.isArray(value)) return value;
  const text = String(value).trim();
  return text === '' ? null : text.split(/[\s,;|]+/u).filter((item) => item !== '');
}

function isList(values: Values): boolean {
  for (const value of values as readonly unknown[]) if (value !== null) return Array.isArray(value);
  return false;
}

/** Values as `storage` wants them; throws MonbanError naming `where` and the record, counted from `first`. */
export function conform(values: Values, storage: Storage, where: string, first = 1): Values {
  if (storage === 'any')
    return values instanceof Float64Array ? toAny(values, where, first) : values;
  if (storage === 'number') {
    if (values instanceof Float64Array) return values;
    const numbers = new Float64Array(values.length);
    for (let row = 0; row < numbers.length; row++)
      numbers[row] = toNumber((values as readonly Item[])[row]!, where, row + first);
    return numbers;
  }
  if (values instanceof Float64Array || isList(values) !== (storage === 'list')) {
    const items = Array.from(values as ArrayLike<Item>);
    return storage === 'text' ? items.map(toText) : items.map(toList);
  }
  return values;
}
