/** A bundle: a trained mixture at rest, a folder of ONNX files and JSON, named by its hash. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { MonbanError, show } from '../core/fault.js';
import { sha256 } from '../core/hash.js';
import type { FrozenWiring } from '../expert/expert.js';
import type { GateFacts } from '../gate/gate.js';
import type { Calibration, PoolName } from '../objective/objective.js';
import type { Card } from './card.js';
import type { Plan } from './plan.js';

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

/** What is still to be named by its hash: a graph under a name. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A path that bears the hash of its content: `experts/words.1a2b3c4d.onnx`. */
export function hashedPath(
  folder: string,
  { name, bytes }: NamedBytes,
  extension = 'onnx',
): string {
  const safe = name.replace(/[^\p{L}\p{N}_-]+/gu, '_');
  return join(folder, `${safe}.${sha256(bytes).slice(0, 12)}.${extension}`);
}

function canonical(
  manifest: Omit<Manifest, 'files'>,
  files: ReadonlyMap<string, Uint8Array>,
): Manifest {
  const entries = [...files].map(([path, bytes]) => ({
    path,
    sha256: sha256(bytes),
    bytes: bytes.length,
  }));
  entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { ...manifest, files: entries };
}

/** Puts a bundle together; the card is one of its files, so the id covers it too. */
export function makeBundle(
  manifest: Omit<Manifest, 'files' | 'format'>,
  files: ReadonlyMap<string, Uint8Array>,
  card: Card,
  cardText: string,
): Bundle {
  const all = new Map(files);
  all.set('card.json', Buffer.from(`${JSON.stringify(card, null, 2)}\n`));
  all.set('card.md', Buffer.from(cardText));
  const whole = canonical({ format: formatNumber, ...manifest }, all);
  return bundleOf(whole, card, (path) => {
    const bytes = all.get(path);
    if (bytes === undefined) throw new Error(`the bundle has no file ${path}`);
    return bytes;
  });
}

/** The SHA-256 of a manifest, which holds the hashes of all files. */
function idOf(manifest: Manifest): string {
  return sha256(JSON.stringify(manifest));
}

/** A manifest as its file has it: led by its own hash, so that damage to it shows too. */
export function manifestText({ id, manifest }: Pick<Bundle, 'id' | 'manifest'>): string {
  return `${JSON.stringify({ id, ...manifest }, null, 1)}\n`;
}

function bundleOf(manifest: Manifest, card: Card, file: Bundle['file']): Bundle {
  return { id: idOf(manifest), manifest, card, file };
}

function damaged(path: string, found: string): MonbanError {
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
function parseManifest(path: string, text: string): Manifest {
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
  if (id !== idOf(manifest)) throw damaged(path, 'a checksum that differs');
  return manifest;
}

/** Reads the manifest of a folder; throws MonbanError when there is none, or a damaged one. */
export function readManifest(folder: string): Manifest {
  const path = join(folder, manifestName);
  if (existsSync(path)) return parseManifest(path, readFileSync(path, 'utf8'));
  const todo = 'train one with "monban train SPEC --out DIR", or name its folder';
  const lacking = (found: string) =>
    new MonbanError({ where: folder, expected: 'the folder of a bundle', found, todo });
  if (!existsSync(folder)) throw lacking('no such folder');
  if (!statSync(folder).isDirectory()) throw lacking('a file');
  throw damaged(folder, `no ${manifestName}`);
}

/** The bytes of one file of a bundle, when they are those that the manifest names. */
function readEntry(folder: string, { path, sha256: wanted, bytes }: FileEntry): Uint8Array {
  const full = join(folder, path);
  if (!resolve(full).startsWith(resolve(folder) + sep))
    throw damaged(full, 'a path outside the bundle');
  if (!existsSync(full)) throw damaged(full, 'a missing file');
  if (!statSync(full).isFile()) throw damaged(full, 'a folder in place of a file');
  const data = readFileSync(full);
  if (data.length !== bytes) throw damaged(full, `${data.length} bytes instead of ${bytes}`);
  if (sha256(data) !== wanted) throw damaged(full, 'a checksum that differs');
  return data;
}

/** Opens a bundle; every file's checksum is verified. Throws MonbanError naming the damaged file. */
export function openBundle(folder: string): Bundle {
  const manifest = readManifest(folder);
  const files = new Map(manifest.files.map((entry) => [entry.path, readEntry(folder, entry)]));
  const file = (path: string) => files.get(path) ?? unnamed(join(folder, path));
  const card = JSON.parse(Buffer.from(file('card.json')).toString()) as Card;
  return bundleOf(manifest, card, file);
}

function unnamed(path: string): never {
  throw damaged(path, 'a file that the manifest does not name');
}
