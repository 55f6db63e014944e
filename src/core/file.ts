/** Writing files so that a reader sees the old content or the new one, never a half. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { MonbanError } from './fault.js';
import { claimTemporary, releaseTemporary } from './temporary.js';

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full; free some room and run the same command again',
  EACCES: 'no permission to write there; choose another place or change the permissions',
  EROFS: 'that file system is read-only; choose another place',
  ENOTDIR: 'a part of that path is a file, not a folder; choose another place',
  EISDIR: 'that path is a folder; name a file',
  EEXIST: 'a part of that path is a file, not a folder; choose another place',
  ENOENT: 'no such folder can be made; choose another place',
  EPERM: 'no permission to write there; choose another place or change the permissions',
  EBUSY: 'that place is in use, or a mount point; choose another place, such as a folder in it',
  EXDEV: 'that place is a mount point; choose another place, such as a folder in it',
  ENAMETOOLONG: 'that name is too long; choose a shorter one',
  EFBIG: 'files may not grow that large here; raise the limit (ulimit -f) or choose another disk',
  EDQUOT: 'the disk quota is used up; free some room and run the same command again',
};

/** Turns a system error met while writing `path` into one that a user can act on. */
export function writeFault(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const reason = code === undefined ? undefined : reasons[code];
  if (reason === undefined) return error;
  return new MonbanError(
    { where: path, expected: 'to be able to write it', found: code!, todo: reason },
    1,
  );
}

/** Writes a whole file under a temporary name, syncs it, and renames it into place. */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  const temporary = claimTemporary(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    const handle = openSync(temporary, 'w');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, path);
  } catch (error) {
    throw writeFault(path, error);
  } finally {
    releaseTemporary(temporary);
  }
}
