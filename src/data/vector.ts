/** Decodes DuckDB's vectors from their raw memory. */
import duckdb, { type Vector } from '@duckdb/node-bindings';

/** Bytes of DuckDB's `string_t`: a length, then 12 bytes, or 4 bytes and a pointer. */
const entry = 16;
const inlined = 12;

/** Bit i of the mask says whether row i has a value; null means that all rows have one. */
function validity(vector: Vector, rows: number): Uint8Array | null {
  return duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8);
}

function isValid(mask: Uint8Array | null, row: number): boolean {
  return mask === null || (mask[row >> 3]! & (1 << (row & 7))) !== 0;
}

/** Copies a DOUBLE vector without NULLs into `target` from row `at` on. */
export function readDoubles(vector: Vector, rows: number, target: Float64Array, at: number): void {
  const bytes = duckdb.vector_get_data(vector, rows * 8);
  target.set(new Float64Array(bytes.buffer, bytes.byteOffset, rows), at);
}

/** Reads a VARCHAR vector. */
export function readTexts(vector: Vector, rows: number): (string | null)[] {
  const out = new Array<string | null>(rows);
  if (rows === 0) return out;
  const mask = validity(vector, rows);
  const raw = duckdb.vector_get_data(vector, rows * entry);
  const memory = raw.buffer as ArrayBuffer;
  const bytes = Buffer.from(memory, raw.byteOffset, rows * entry);
  for (let i = 0; i < rows; i++) {
    if (!isValid(mask, i)) {
      out[i] = null;
      continue;
    }
    const start = i * entry;
    const length = bytes.readUInt32LE(start);
    if (length <= inlined) {
      out[i] = bytes.toString('utf8', start + 4, start + 4 + length);
    } else {
      const far = duckdb.get_data_from_pointer(memory, raw.byteOffset + start + 8, length);
      out[i] = Buffer.from(far.buffer, far.byteOffset, length).toString('utf8');
    }
  }
  return out;
}

/** Texts of small whole numbers, so that pixels cost no formatting. */
const bytesAsText: readonly string[] = Array.from({ length: 256 }, (_, i) => String(i));

function doublesAsTexts(vector: Vector, size: number): string[] {
  const doubles = new Float64Array(size);
  if (size > 0) readDoubles(vector, size, doubles, 0);
  return Array.from(doubles, (value) => bytesAsText[value] ?? String(value));
}

/** Reads a VARCHAR[] vector, or a DOUBLE[] one as texts, without NULL elements. */
export function readLists(vector: Vector, rows: number, doubles: boolean): (string[] | null)[] {
  const out = new Array<string[] | null>(rows);
  if (rows === 0) return out;
  const mask = validity(vector, rows);
  const raw = duckdb.vector_get_data(vector, rows * entry);
  const words = new Uint32Array(raw.buffer, raw.byteOffset, rows * 4);
  const child = duckdb.list_vector_get_child(vector);
  const size = duckdb.list_vector_get_size(vector);
  const items = doubles ? doublesAsTexts(child, size) : (readTexts(child, size) as string[]);
  for (let i = 0; i < rows; i++) {
    const start = words[i * 4]!;
    out[i] = isValid(mask, i) ? items.slice(start, start + words[i * 4 + 2]!) : null;
  }
  return out;
}
