/** Finds out what a file is from its name and its first and last bytes. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { MonbanError, show } from '../core/fault.js';

export type Format = 'parquet' | 'csv' | 'json';

export interface Sniffed {
  readonly format: Format;
  readonly bytes: number;
  /** The first record of a CSV file without its line break. */
  readonly header: string;
  /** What ends the first record of a CSV file; nothing where it is the only one. */
  readonly lineEnd: '\n' | '\r\n' | '\r' | '';
}

const extensions: Readonly<Record<string, Format>> = {
  parquet: 'parquet',
  pq: 'parquet',
  csv: 'csv',
  tsv: 'csv',
  jsonl: 'json',
  ndjson: 'json',
  json: 'json',
};

/** First bytes of foreign files that are often taken for data. */
const magics: readonly (readonly [string, string])[] = [
  ['89504e47', 'a PNG image'],
  ['ffd8ff', 'a JPEG image'],
  ['47494638', 'a GIF image'],
  ['25504446', 'a PDF document'],
  ['504b0304', 'a zip archive or a spreadsheet (.xlsx)'],
  ['d0cf11e0', 'an old Office document (.xls)'],
  ['1f8b', 'gzip-compressed data'],
  ['28b52ffd', 'zstd-compressed data'],
  ['53514c69746520', 'an SQLite database'],
  ['4152524f5731', 'an Arrow file'],
  ['4f524300', 'an ORC file'],
  ['50415231', 'a Parquet file'],
];

const todo = 'convert it to Parquet, CSV or JSON lines';

function readAt(path: string, at: number, length: number): Buffer {
  const handle = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(handle, bytes, 0, length, at));
  } finally {
    closeSync(handle);
  }
}

/** What bytes look like: a known kind of file, text, or binary data. */
function describeBytes(head: Buffer): string {
  const hex = head.subarray(0, 16).toString('hex');
  const known = magics.find(([magic]) => hex.startsWith(magic));
  if (known !== undefined) return known[1];
  if (/^(fffe|feff)/.test(hex)) return 'UTF-16 text';
  return head.includes(0) ? 'binary data' : 'text';
}

/** The extension that names the format, and the one of a compression behind it. */
function splitName(path: string): { extension: string; compressed: 'gz' | 'zst' | undefined } {
  const parts = path.toLowerCase().split('/').pop()!.split('.').slice(1);
  const last = parts.at(-1);
  const compressed = last === 'gz' || last === 'zst' ? last : undefined;
  return { extension: (compressed === undefined ? last : parts.at(-2)) ?? '', compressed };
}

function checkParquet(path: string, head: Buffer, bytes: number): void {
  const expected = 'a Parquet file, which starts and ends with "PAR1"';
  if (head.toString('latin1', 0, 4) !== 'PAR1') {
    throw new MonbanError({ where: path, expected, found: describeBytes(head), todo });
  }
  if (bytes < 12 || readAt(path, bytes - 4, 4).toString('latin1') !== 'PAR1') {
    const found = `${bytes} bytes without the end mark: the file is cut off`;
    throw new MonbanError({ where: path, expected, found, todo: 'copy or write the file again' });
  }
}

function checkText(path: string, head: Buffer, format: Format): void {
  const found = describeBytes(head);
  const expected = format === 'csv' ? 'CSV text in UTF-8' : 'JSON objects in UTF-8';
  if (found !== 'text') {
    const advice = found === 'UTF-16 text' ? 'save it as UTF-8' : todo;
    throw new MonbanError({ where: path, expected, found, todo: advice });
  }
  const start = head
    .toString('utf8', 0, 4096)
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (start === '' && head.length < 4096) {
    throw new MonbanError({ where: path, expected, found: 'nothing but blank lines' });
  }
  if (format === 'json' && !/^[{[]/.test(start)) {
    throw new MonbanError({ where: path, expected, found: show(start.slice(0, 20)), todo });
  }
}

function unpack(path: string, head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    throw new MonbanError({
      where: path,
      expected: 'gzip-compressed data',
      found: describeBytes(head),
      todo: 'remove .gz from its name if it is not compressed',
    });
  }
}

function guess(path: string, head: Buffer): Format {
  if (head.toString('latin1', 0, 4) === 'PAR1') return 'parquet';
  const found = describeBytes(head);
  if (found === 'text' && /^\uFEFF?\s*[[{]/.test(head.toString('utf8'))) return 'json';
  throw new MonbanError({
    where: path,
    expected: 'a file that ends in .parquet, .csv, .tsv, .jsonl, .ndjson or .json',
    found,
    todo: found === 'text' ? 'rename it after what is in it' : todo,
  });
}

/** The first record: a quoted name may hold line breaks, unless its quote never ends. */
function firstRecord(head: Buffer): Pick<Sniffed, 'header' | 'lineEnd'> {
  const text = head.toString('utf8').replace(/^\uFEFF/, '');
  const quoted = /^((?:"(?:[^"]|"")*"|[^"\r\n])*)(\r\n|\n|\r|$)/.exec(text);
  const [, header, lineEnd] = quoted ?? /^([^\r\n]*)(\r\n|\n|\r|$)/.exec(text)!;
  return { header: header!, lineEnd: lineEnd as Sniffed['lineEnd'] };
}

/** Looks into a file; throws MonbanError when it is empty, cut off or something foreign. */
export function sniff(path: string): Sniffed {
  const bytes = statSync(path).size;
  if (bytes === 0) {
    throw new MonbanError({ where: path, expected: 'a file with data', found: 'an empty file' });
  }
  const { extension, compressed } = splitName(path);
  const raw = readAt(path, 0, 65536);
  const head = compressed === 'gz' ? unpack(path, raw) : raw;
  const format = extensions[extension] ?? guess(path, head);
  if (format === 'parquet') checkParquet(path, raw, bytes);
  else if (compressed !== 'zst') checkText(path, head, format);
  const first = compressed === 'zst' ? { header: '', lineEnd: '' as const } : firstRecord(head);
  return { format, bytes, ...first };
}
