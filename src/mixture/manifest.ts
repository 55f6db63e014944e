/** The manifest of a bundle: what its parts are, and that they are whole; nothing here reads files. */
import { MonbanError, show } from '../core/fault.js';
import type { FrozenWiring } from '../expert/expert.js';
import type { GateFacts } from '../gate/gate.js';
import type { Calibration, PoolName } from '../objective/objective.js';
import type { Card } from './card.js';
import type { Plan } from './plan.js';

/** Lower-case hexadecimal SHA-256 of a text (as UTF-8) or of bytes. */
export type Sha256 = (data: string | Uint8Array) => string;

/** The version of the folder and of its graphs; a bundle with another one is refused. */
export const formatNumber = 2;
/** The file that names all the others. */
export const manifestName = 'bundle.json';

export interface FileEntry {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface FieldEntry {
  readonly name: string;
  readonly column: string;
  readonly kind: string;
  readonly state: unknown;
}

export interface ExpertEntry {
  readonly name: string;
  readonly kind: string;
  readonly config: unknown;
  /** Ports as `field:port`. */
  readonly ports: readonly string[];
  readonly needs: 'any' | 'all';
  readonly calibration: Calibration;
  /** Work per record in microseconds, as counted or measured. */
  readonly cost: number;
  readonly file: string;
  /** A model that others wrote, which `file` then reads. */
  readonly imported?: ImportedEntry;
}

/** An imported model in a bundle: its file, as it was given, and how it is wired. */
export interface ImportedEntry extends FrozenWiring {
  readonly file: string;
  /** Stands for a number that is not one. */
  readonly unsaid: number;
}

export interface GateEntry {
  readonly kind: string;
  readonly config: unknown;
  readonly ports: readonly string[];
  readonly facts: GateFacts;
  readonly topK: number;
  readonly shared: number;
  readonly bias: readonly number[];
  readonly penalty: readonly number[];
  readonly targets: readonly number[];
  readonly file: string;
}

export interface PoolEntry {
  readonly kind: PoolName;
  readonly calibration: Calibration;
  readonly file: string;
}

export interface Manifest {
  readonly format: number;
  readonly version: string;
  readonly target: string;
  readonly objective: { readonly kind: string; readonly state: unknown };
  readonly fields: readonly FieldEntry[];
  readonly experts: readonly ExpertEntry[];
  readonly gate: GateEntry;
  readonly pool: PoolEntry;
  readonly spec: Plan['spec'];
  readonly files: readonly FileEntry[];
}

/** A bundle in memory: its manifest, its card and the bytes of its files. */
export interface Bundle {
  /** SHA-256 of the manifest, which holds the hashes of all files. */
  readonly id: string;
  readonly manifest: Manifest;
  readonly card: Card;
  file(path: string): Uint8Array;
}

/** The SHA-256 of a manifest, which holds the hashes of all files. */
export function idOf(manifest: Manifest, sha256: Sha256): string {
  return sha256(JSON.stringify(manifest));
}

/** What is said of a bundle that is not as it was written. */
export function damaged(path: string, found: string): MonbanError {
  const todo = 'copy the bundle again from where it came from, or train again';
  return new MonbanError({ where: path, expected: 'a whole Monban bundle', found, todo });
}

function checkFormat(path: string, format: unknown): void {
  if (typeof format !== 'number') throw damaged(path, 'no format number');
  if (format === formatNumber) return;
  throw new MonbanError({
    where: path,
    expected: `format ${formatNumber}`,
    found: `format ${format}`,
    todo:
      format > formatNumber
        ? 'update Monban to open this bundle'
        : 'train again: an older Monban wrote this bundle',
  });
}

/** Parses the text of a manifest; throws MonbanError at `path` when it is damaged or too new. */
export function parseManifest(path: string, text: string, sha256: Sha256): Manifest {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw damaged(path, 'a file that is not JSON');
  }
  if (typeof read !== 'object' || read === null) throw damaged(path, show(read));
  const { id, ...manifest } = read as Manifest & { readonly id?: unknown };
  checkFormat(path, manifest.format);
  // With the right hash everything else is as it was written.
  if (id !== idOf(manifest, sha256)) throw damaged(path, 'a checksum that differs');
  return manifest;
}

/** Throws MonbanError at `path` where bytes are not those that the manifest names. */
export function checkEntry(
  path: string,
  data: Uint8Array,
  { sha256: wanted, bytes }: FileEntry,
  sha256: Sha256,
): void {
  if (data.length !== bytes) throw damaged(path, `${data.length} bytes instead of ${bytes}`);
  if (sha256(data) !== wanted) throw damaged(path, 'a checksum that differs');
}

/** A bundle whose files were read and checked; `place` is where they came from. */
export function bundleOfFiles(
  manifest: Manifest,
  files: ReadonlyMap<string, Uint8Array>,
  place: string,
  sha256: Sha256,
): Bundle {
  const file = (path: string): Uint8Array => {
    const bytes = files.get(path);
    if (bytes === undefined)
      throw damaged(`${place}/${path}`, 'a file that the manifest does not name');
    return bytes;
  };
  const card = JSON.parse(new TextDecoder().decode(file('card.json'))) as Card;
  return { id: idOf(manifest, sha256), manifest, card, file };
}
