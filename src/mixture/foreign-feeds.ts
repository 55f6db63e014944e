/** Lays raw values and pictures out as the inputs of an imported model. */
import type { Column } from '../core/column.js';
import type { FrozenInput, FrozenPart } from '../expert/expert.js';
import type { ForeignData, ForeignTensor } from '../runtime/foreign.js';
import type { Selected } from './feeds.js';

type Put = (at: number, value: number) => void;

function putPicture(part: FrozenPart, pixels: Float32Array, from: number, at: number, put: Put) {
  const { shape, channelsFirst, scale, mean, deviation } = part.picture!;
  const channels = shape[2];
  const places = shape[0] * shape[1];
  for (let place = 0; place < places; place++) {
    for (let c = 0; c < channels; c++) {
      const pixel = from < 0 ? 0 : pixels[from + place * channels + c]!;
      const to = channelsFirst ? c * places + place : place * channels + c;
      put(at + to, (pixel * scale - mean[c]!) / deviation[c]!);
    }
  }
}

/** The numbers of one part of one row, from `at` on; a picture that is missing is black. */
function putPart(
  part: FrozenPart,
  column: Column,
  row: number,
  missing: number,
  at: number,
  put: Put,
): void {
  if (part.picture !== undefined) {
    const pixels = column as Extract<Column, { form: 'values' }>;
    putPicture(part, pixels.data, row < 0 ? -1 : row * pixels.width, at, put);
    return;
  }
  const value = row < 0 ? null : (column as Extract<Column, { form: 'raw' }>).data[row]!;
  if (part.oneHot !== undefined) {
    part.oneHot.forEach((name, i) => {
      put(at + i, Number(name === value));
    });
    return;
  }
  const number = typeof value === 'string' ? codeOf(part.codes!, value) : (value ?? Number.NaN);
  put(at, Number.isNaN(number) ? missing : number);
}

function codeOf(codes: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(codes, name) ? codes[name]! : Number.NaN;
}

const makers: Readonly<Record<string, (length: number) => ForeignData>> = {
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  int64: (length) => new BigInt64Array(length),
  int32: (length) => new Int32Array(length),
  int8: (length) => new Int8Array(length),
  uint8: (length) => new Uint8Array(length),
  bool: (length) => new Uint8Array(length),
};

/** The largest whole number that a double and an int64 both hold. */
const largest = Number.MAX_SAFE_INTEGER;

function putter(data: ForeignData, type: string): Put {
  if (data instanceof BigInt64Array)
    return (at, value) => {
      data[at] = BigInt(Math.trunc(Math.max(-largest, Math.min(largest, value))));
    };
  const numbers = data as Float32Array;
  if (type === 'bool')
    return (at, value) => {
      numbers[at] = Number(value !== 0);
    };
  return (at, value) => {
    numbers[at] = value;
  };
}

function texts(input: FrozenInput, selected: Selected, rows: number): string[] {
  const out = new Array<string>(rows * input.parts.length);
  const blank = String(input.missing ?? '');
  input.parts.forEach(({ port }, p) => {
    const { data } = selected.columns[port] as Extract<Column, { form: 'raw' }>;
    selected.rows(port).forEach((row, i) => {
      out[i * input.parts.length + p] = row < 0 ? blank : String(data[row] ?? blank);
    });
  });
  return out;
}

function feedOf(input: FrozenInput, selected: Selected): ForeignTensor {
  const { type, parts, shape } = input;
  const rows = selected.rows(parts[0]!.port).length;
  const dims = [rows, ...shape];
  if (type === 'string') return { type, data: texts(input, selected, rows), dims };
  const wide = parts.reduce((sum, { width }) => sum + width, 0);
  const data = makers[type]!(rows * wide);
  const put = putter(data, type);
  const missing = input.missing === null ? Number.NaN : Number(input.missing);
  let start = 0;
  for (const part of parts) {
    const column = selected.columns[part.port]!;
    selected.rows(part.port).forEach((row, i) => {
      putPart(part, column, row, missing, i * wide + start, put);
    });
    start += part.width;
  }
  return { type, data, dims };
}

/** What an imported model is fed about the selected rows, by the names of its inputs. */
export function foreignFeeds(
  inputs: readonly FrozenInput[],
  selected: Selected,
): Record<string, ForeignTensor> {
  return Object.fromEntries(inputs.map((input) => [input.name, feedOf(input, selected)]));
}
