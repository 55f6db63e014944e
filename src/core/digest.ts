/** A hash of plain values and arrays of numbers: the same content gives the same text. */
import { createHash } from 'node:crypto';
import { types } from 'node:util';

/** Arrays are large and shared between the values that are hashed, so each is read once. */
export type Digests = WeakMap<ArrayBufferView, string>;

function digestArray(array: ArrayBufferView, known: Digests): string {
  const before = known.get(array);
  if (before !== undefined) return before;
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const text = `${array.constructor.name}:${createHash('sha256').update(bytes).digest('hex')}`;
  known.set(array, text);
  return text;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The parts of a value in a fixed order, as texts that cannot be taken for one another. */
function* partsOf(value: unknown, known: Digests): Generator<string> {
  if (typeof value === 'number') yield Object.is(value, -0) ? '-0' : String(value);
  else if (typeof value === 'string') yield JSON.stringify(value);
  else if (typeof value === 'bigint') yield `${value}n`;
  else if (typeof value === 'boolean' || value === undefined || value === null) yield String(value);
  else if (ArrayBuffer.isView(value)) yield digestArray(value, known);
  else if (Array.isArray(value)) {
    yield '[';
    for (const item of value) yield* partsOf(item, known);
    yield ']';
  } else if (types.isMap(value) || types.isSet(value)) {
    yield types.isMap(value) ? 'map' : 'set';
    yield* partsOf([...value], known);
  } else if (types.isDate(value)) yield `date ${value.getTime()}`;
  else if (typeof value === 'object' && isPlain(value)) {
    yield '{';
    for (const key of Object.keys(value).sort()) {
      yield JSON.stringify(key);
      yield* partsOf((value as Record<string, unknown>)[key], known);
    }
    yield '}';
  } else throw new Error(`no digest of ${Object.prototype.toString.call(value)}`);
}

/**
 * The SHA-256 of a value made of plain objects (in whatever order of keys), lists, maps, sets, dates
 * and typed arrays, in hexadecimal. Arrays that `known` holds are taken to be unchanged.
 */
export function digest(value: unknown, known: Digests = new WeakMap()): string {
  const hash = createHash('sha256');
  let text = '';
  for (const part of partsOf(value, known)) {
    text += `${part}\n`;
    if (text.length < 65536) continue;
    hash.update(text);
    text = '';
  }
  return hash.update(text).digest('hex');
}
