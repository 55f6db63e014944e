/** A bundle: a trained mixture at rest, a folder of ONNX files and JSON, named by its hash. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MonbanError } from '../core/fault.js';
import { writeFault, writeFileAtomic } from '../core/file.js';
import { sha256 } from '../core/hash.js';
import type { GateFacts } from '../gate/gate.js';
import type { PoolName } from '../objective/objective.js';
import type { Card } from './card.js';
import type { Plan } from './plan.js';

/** The version of the folder's layout; a bundle with a higher one is refused. */
export const formatNumber = 1;
const manifestName = 'bundle.json';

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
  readonly calibration: number;
  /** Work per record in microseconds, as counted or measured. */
  readonly cost: number;
  readonly file: string;
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
  readonly temperature: number;
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

function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 1)}\n`;
}

function bundleOf(manifest: Manifest, card: Card, file: Bundle['file']): Bundle {
  return { id: sha256(manifestText(manifest)), manifest, card, file };
}

/** True when a folder holds a bundle, whole or not. */
export function isBundle(folder: string): boolean {
  return existsSync(join(folder, manifestName));
}

/** Throws MonbanError when a bundle may not be written there: the folder holds something else. */
export function checkWritable(folder: string): void {
  if (!existsSync(folder)) return;
  const found = statSync(folder).isDirectory() ? readdirSync(folder) : ['a file'];
  if (found.length === 0 || isBundle(folder)) return;
  throw new MonbanError({
    where: folder,
    expected: 'a new or empty folder, or one that holds a bundle',
    found: `${found.slice(0, 3).join(', ')}${found.length > 3 ? ', ...' : ''}`,
    todo: 'choose another folder with --out',
  });
}

/** Writes a bundle beside its place and renames it there; an older bundle in the place is replaced. */
export function saveBundle(bundle: Bundle, folder: string): void {
  checkWritable(folder);
  const place = resolve(folder);
  let temporary: string | undefined;
  try {
    mkdirSync(dirname(place), { recursive: true });
    temporary = mkdtempSync(join(dirname(place), `.${basename(place)}.`));
    for (const { path } of bundle.manifest.files)
      writeFileAtomic(join(temporary, path), bundle.file(path));
    writeFileAtomic(join(temporary, manifestName), manifestText(bundle.manifest));
    const old = `${temporary}.old`;
    if (existsSync(place)) renameSync(place, old);
    renameSync(temporary, place);
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    throw error instanceof MonbanError ? error : writeFault(folder, error);
  }
}

function damaged(path: string, found: string): MonbanError {
  const todo = 'copy the bundle again from where it came from, or train again';
  return new MonbanError({ where: path, expected: 'a whole Monban bundle', found, todo });
}

function readManifest(folder: string): { manifest: Manifest; text: string } {
  const path = join(folder, manifestName);
  if (!existsSync(folder)) {
    throw new MonbanError({
      where: folder,
      expected: 'a bundle',
      found: 'no such folder',
      todo: 'train one with "monban train SPEC --out DIR"',
    });
  }
  if (!existsSync(path)) throw damaged(folder, `no ${manifestName}`);
  const text = readFileSync(path, 'utf8');
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch {
    throw damaged(path, 'a file that is not JSON');
  }
  const { format } = manifest;
  if (typeof format !== 'number' || !Array.isArray(manifest.files))
    throw damaged(path, 'no format number');
  if (format > formatNumber) {
    throw new MonbanError({
      where: path,
      expected: `format ${formatNumber} or lower`,
      found: `format ${format}`,
      todo: 'update Monban to open this bundle',
    });
  }
  return { manifest, text };
}

/** Opens a bundle; every file's checksum is verified. Throws MonbanError naming the damaged file. */
export function openBundle(folder: string): Bundle {
  const { manifest, text } = readManifest(folder);
  const files = new Map<string, Uint8Array>();
  for (const { path, sha256: wanted, bytes } of manifest.files) {
    const full = join(folder, path);
    if (!resolve(full).startsWith(resolve(folder)))
      throw damaged(full, 'a path outside the bundle');
    if (!existsSync(full)) throw damaged(full, 'a missing file');
    const data = readFileSync(full);
    if (data.length !== bytes) throw damaged(full, `${data.length} bytes instead of ${bytes}`);
    if (sha256(data) !== wanted) throw damaged(full, 'a checksum that differs');
    files.set(path, data);
  }
  const card = JSON.parse(
    Buffer.from(files.get('card.json') ?? damagedCard(folder)).toString(),
  ) as Card;
  const bundle = bundleOf(
    manifest,
    card,
    (path) => files.get(path) ?? damagedCard(join(folder, path)),
  );
  return { ...bundle, id: sha256(text) };
}

function damagedCard(path: string): never {
  throw damaged(path, 'a file that the manifest does not name');
}
