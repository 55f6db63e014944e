/** A bundle: a trained mixture at rest, a folder of ONNX files and JSON, named by its hash. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { MonbanError } from '../core/fault.js';
import { sha256 } from '../core/sha256.js';
import type { Card } from './card.js';
import {
  type Bundle,
  bundleOfFiles,
  checkEntry,
  damaged,
  type FileEntry,
  formatNumber,
  type Manifest,
  manifestName,
  parseManifest,
} from './manifest.js';

export {
  type Bundle,
  type ExpertEntry,
  type FieldEntry,
  type FileEntry,
  formatNumber,
  type GateEntry,
  type ImportedEntry,
  type Manifest,
  manifestName,
  type PoolEntry,
} from './manifest.js';

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
  return bundleOfFiles(whole, all, 'bundle', sha256);
}

/** A manifest as its file has it: led by its own hash, so that damage to it shows too. */
export function manifestText({ id, manifest }: Pick<Bundle, 'id' | 'manifest'>): string {
  return `${JSON.stringify({ id, ...manifest }, null, 1)}\n`;
}

/** Reads the manifest of a folder; throws MonbanError when there is none, or a damaged one. */
export function readManifest(folder: string): Manifest {
  const path = join(folder, manifestName);
  if (existsSync(path)) return parseManifest(path, readFileSync(path, 'utf8'), sha256);
  const todo = 'train one with "monban train SPEC --out DIR", or name its folder';
  const lacking = (found: string) =>
    new MonbanError({ where: folder, expected: 'the folder of a bundle', found, todo });
  if (!existsSync(folder)) throw lacking('no such folder');
  if (!statSync(folder).isDirectory()) throw lacking('a file');
  throw damaged(folder, `no ${manifestName}`);
}

/** The bytes of one file of a bundle, when they are those that the manifest names. */
function readEntry(folder: string, entry: FileEntry): Uint8Array {
  const full = join(folder, entry.path);
  if (!resolve(full).startsWith(resolve(folder) + sep))
    throw damaged(full, 'a path outside the bundle');
  if (!existsSync(full)) throw damaged(full, 'a missing file');
  if (!statSync(full).isFile()) throw damaged(full, 'a folder in place of a file');
  const data = readFileSync(full);
  checkEntry(full, data, entry, sha256);
  return data;
}

/** Opens a bundle; every file's checksum is verified. Throws MonbanError naming the damaged file. */
export function openBundle(folder: string): Bundle {
  const manifest = readManifest(folder);
  const files = new Map(manifest.files.map((entry) => [entry.path, readEntry(folder, entry)]));
  return bundleOfFiles(manifest, files, folder, sha256);
}
