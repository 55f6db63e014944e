/** Files that hold a value between two runs: whole, of the wanted key, or not there at all. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DefaultSerializer, deserialize } from 'node:v8';
import { MonbanError } from '../core/fault.js';
import { writeFileAtomic } from '../core/file.js';

/** Bytes of a SHA-256, which leads the file. */
const hashBytes = 32;

const hashOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Why nothing can be kept, without the name of the file, which says nothing to a user. */
export function notKept(error: unknown): string {
  const [fault] = error instanceof MonbanError ? error.faults : [];
  const why = fault === undefined ? String(error) : `${fault.found}: ${fault.todo}`;
  return `nothing more is kept for a later run; ${why}`;
}

/** Writes a value of plain objects and typed arrays under its key. Throws as `writeFileAtomic` does. */
export function writeKept(path: string, key: string, value: unknown): void {
  const serializer = new DefaultSerializer();
  serializer.writeRawBytes(Buffer.alloc(hashBytes));
  serializer.writeHeader();
  serializer.writeValue({ key, value });
  const bytes = serializer.releaseBuffer();
  bytes.set(hashOf(bytes.subarray(hashBytes)));
  writeFileAtomic(path, bytes);
}

/** A value that was kept; `undefined` where there is none, `damaged` where it cannot be trusted. */
export function readKept(
  path: string,
  key: string,
): { readonly value: unknown } | 'damaged' | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : 'damaged';
  }
  const body = bytes.subarray(hashBytes);
  if (!hashOf(body).equals(bytes.subarray(0, hashBytes))) return 'damaged';
  const read = deserialize(body) as { readonly key: string; readonly value: unknown };
  return read.key === key ? { value: read.value } : 'damaged';
}
