/** Writes a bundle to a folder, whole or not at all, and never over anything but a bundle. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { MonbanError } from '../core/fault.js';
import { writeFault, writeFileAtomic } from '../core/file.js';
import {
  asideEnding,
  claimTemporary,
  clearLeftovers,
  releaseTemporary,
} from '../core/temporary.js';
import { type Bundle, manifestName, manifestText, readManifest } from './bundle.js';

function refusal(where: string, found: string): MonbanError {
  return new MonbanError({
    where,
    expected: 'a new or empty folder, or one that holds nothing but a bundle',
    found,
    todo: 'choose another folder with --out, or empty that one',
  });
}

/** Where a folder really lies, so that a link to it stays a link. */
function placeOf(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : resolve(folder);
}

/** The files of the bundle in a folder; none where it is damaged, since nobody knows them. */
function ownFiles(folder: string): string[] {
  try {
    return [manifestName, ...readManifest(folder).files.map(({ path }) => path)];
  } catch (error) {
    if (error instanceof MonbanError) return [];
    throw error;
  }
}

/** What lies in a folder and is not of the bundle there, because replacing would delete it. */
function foreignTo(folder: string): string[] {
  const names = readdirSync(folder);
  const own = new Set(names.includes(manifestName) ? ownFiles(folder) : []);
  const tops = new Set([...own].map((path) => path.split(sep)[0]));
  const strange = names.filter((name) => !tops.has(name));
  if (strange.length > 0) return strange;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !own.has(path));
}

/** The nearest folder on the way to a path that exists. */
function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

/** Throws MonbanError when a bundle may not be written there: anything else would be lost. */
export function checkWritable(folder: string): void {
  if (folder.trim() === '') throw refusal('the folder of the bundle', 'no name');
  const place = placeOf(folder);
  clearLeftovers(place);
  const way = relative(place, process.cwd());
  if (way !== '..' && !way.startsWith(`..${sep}`))
    throw refusal(folder, 'the working folder, or one around it');
  if (existsSync(place)) {
    if (!statSync(place).isDirectory()) throw refusal(folder, 'a file');
    const foreign = foreignTo(place);
    if (foreign.length > 0)
      throw refusal(
        folder,
        `${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', ...' : ''}`,
      );
  }
  const parent = nearestFolder(dirname(place));
  if (!statSync(parent).isDirectory()) throw refusal(folder, `the file ${parent} on the way to it`);
  try {
    accessSync(parent, constants.W_OK);
  } catch (error) {
    throw writeFault(folder, error);
  }
}

/** Puts a finished folder in its place; what was there is restored when that fails. */
function moveIn(temporary: string, place: string): void {
  const old = `${temporary}${asideEnding}`;
  const replaces = existsSync(place);
  if (replaces) renameSync(place, old);
  try {
    renameSync(temporary, place);
  } catch (error) {
    if (replaces) renameSync(old, place);
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}

/** Writes a bundle beside its place and moves it in; a bundle that is there is replaced. */
export function saveBundle(bundle: Bundle, folder: string): void {
  checkWritable(folder);
  const place = placeOf(folder);
  const temporary = claimTemporary(place);
  try {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
    for (const { path } of bundle.manifest.files)
      writeFileAtomic(join(temporary, path), bundle.file(path));
    writeFileAtomic(join(temporary, manifestName), manifestText(bundle));
    moveIn(temporary, place);
  } catch (error) {
    if (!(error instanceof MonbanError)) throw writeFault(folder, error);
    // The temporary name in it means nothing to a user.
    throw new MonbanError({ ...error.faults[0]!, where: folder }, error.exitCode);
  } finally {
    releaseTemporary(temporary);
  }
}
