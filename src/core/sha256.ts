/** SHA-256, the hash of files and folds. */
import { createHash } from 'node:crypto';

/** Lower-case hexadecimal SHA-256 of a text (as UTF-8) or of bytes. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The fold of a key: the first 32 bits of its SHA-256 modulo `folds`. */
export function fold(key: string, folds: number): number {
  return Number.parseInt(sha256(key).slice(0, 8), 16) % folds;
}
