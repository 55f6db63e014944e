/** Files in a temporary folder and small data sets for the tests of this layer. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MonbanError } from '../core/fault.js';

/** A folder that the caller removes. */
export interface Folder {
  readonly path: string;
  /** Writes a file, with the folders it needs, and returns its path. */
  write(name: string, content: string | Uint8Array): string;
  remove(): void;
}

/** Makes an empty folder among the system's temporary files. */
export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'monban-data-'));
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The message of the MonbanError that a promise is rejected with; anything else is thrown. */
export async function faultOf(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof MonbanError) return outcome.message;
  throw outcome ?? new Error('nothing was thrown');
}
