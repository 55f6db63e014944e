/** Names for what is being written, by which a later run knows what a killed one left behind. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Process numbers mean something on one machine only, and a folder may be shared by several. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 6);
const live = new Set<string>();

/** A bundle that was moved aside for another has this behind its temporary name. */
export const asideEnding = '.old';

/** Removes what may be there; the error that led here matters more than one from cleaning up. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    return;
  }
}

/** The paths in the folder of `path` whose names pass. */
function beside(path: string, passes: (name: string) => boolean): string[] {
  const folder = dirname(path);
  try {
    return readdirSync(folder)
      .filter(passes)
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Paths beside `path` that processes of this machine, dead by now, made for it. */
function leftovers(path: string): string[] {
  const start = `.${basename(path)}.${machine}-`;
  return beside(path, (name) => {
    const pid = name.startsWith(start) ? /^(\d+)\.tmp/.exec(name.slice(start.length)) : null;
    return pid !== null && Number(pid[1]) !== process.pid && !isRunning(Number(pid[1]));
  });
}

/** Puts back what a killed run had moved aside, and removes whatever else it left beside `path`. */
export function clearLeftovers(path: string): void {
  for (const left of leftovers(path)) {
    if (!left.endsWith(asideEnding) || existsSync(path)) removeQuietly(left);
    else renameSync(left, path);
  }
}

/** The name under which `path` is written until it is whole; `<name>.*` beside it belongs to it. */
export function claimTemporary(path: string): string {
  clearLeftovers(path);
  const temporary = join(dirname(path), `.${basename(path)}.${machine}-${process.pid}.tmp`);
  live.add(temporary);
  return temporary;
}

/** Removes what lies under a temporary name or begins with it; what was moved aside stays. */
export function releaseTemporary(temporary: string): void {
  live.delete(temporary);
  const start = `${basename(temporary)}.`;
  const own = (name: string) => `${name}.`.startsWith(start) && !name.endsWith(asideEnding);
  for (const path of beside(temporary, own)) removeQuietly(path);
}

/** Removes everything that is still being written: for a process that is about to end. */
export function releaseAll(): void {
  for (const temporary of live) releaseTemporary(temporary);
}
