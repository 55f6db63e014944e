/** A folder in which a training keeps what it has done, so that the same one goes on from there. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Digests, digest } from '../core/digest.js';
import { removeQuietly } from '../core/temporary.js';
import { type PoolOptions, runJobs } from '../runtime/pool.js';
import { engineVersion } from '../runtime/session.js';
import type { Place } from './keeper.js';
import { notKept, readKept, writeKept } from './kept-file.js';
import type { KeptJob, KeptMessage } from './kept-job.js';
import { version } from './version.js';

export interface Checkpoint {
  readonly folder: string;
  /** Names the training: the same plan, data and program. */
  readonly run: string;
  readonly digests: Digests;
  /** Milliseconds at least between two writes about the same job. */
  readonly every: number;
  /** Tells the user, once: where the training goes on, or what cannot be kept. */
  readonly say: (text: string) => void;
}

/** Milliseconds of training that a kill may cost, and that a write should take a small part of. */
const usualEvery = 3000;

export interface CheckpointOptions {
  readonly folder: string;
  readonly every?: number;
}

/** Names of the files of a checkpoint, whole or still being written; others are left alone. */
const own = /^\.?[0-9a-f]{12}-.*\.(done|part)(\.[0-9a-f]{6}-\d+\.tmp)?$/;

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => own.test(name));
  } catch {
    // Who cannot list it cannot write there either, and hears of that.
    return [];
  }
}

function removeFiles(folder: string, names: readonly string[]): void {
  for (const name of names) removeQuietly(join(folder, name));
}

/** Removes what trainings kept in a folder, and the folder where nothing else lies in it. */
export function discardCheckpoint(folder: string): void {
  removeFiles(folder, filesIn(folder));
  try {
    rmdirSync(folder);
  } catch {
    return;
  }
}

/** The program as it is: its compiled files, since between two versions they change too. */
function programDigest(): string {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const hash = createHash('sha256');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((name) => /(?<!\.test)\.js$/.test(name)).sort())
    hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

/**
 * Opens the checkpoint of a training in a folder, which is made when there is something to keep.
 * `identity` is all that decides what comes out of it; what another training left is removed.
 */
export function openCheckpoint(
  { folder, every = usualEvery }: CheckpointOptions,
  identity: unknown,
  tell: (text: string) => void,
): Checkpoint {
  const digests: Digests = new WeakMap();
  const { arch, platform } = process;
  const program = [version, engineVersion, process.version, arch, platform, programDigest()];
  const run = digest({ program, identity }, digests).slice(0, 12);
  const said = new Set<string>();
  const say = (text: string): void => {
    if (!said.has(text)) tell(text);
    said.add(text);
  };
  const stale = filesIn(folder).filter((name) => !name.replace(/^\./, '').startsWith(run));
  removeFiles(folder, stale);
  if (stale.length > 0)
    say(`${folder}: kept by a training of another spec, data or version; this one begins anew`);
  return { folder, run, digests, every, say };
}

function placeOf(
  { folder, run, digests, every }: Checkpoint,
  label: string,
  input: unknown,
): Place {
  const key = digest({ run, label, input }, digests);
  const safe = label.replace(/[^\p{L}\p{N}_-]+/gu, '_').slice(0, 60);
  const path = join(folder, `${run}-${safe}-${key.slice(0, 12)}`);
  return { key, part: `${path}.part`, done: `${path}.done`, every };
}

/** What came out of a job before, unless that is damaged. */
function outputOf(
  { say }: Checkpoint,
  { key, done }: Place,
): { readonly value: unknown } | undefined {
  const found = readKept(done, key);
  if (found === 'damaged') say(`${done} is damaged and is not used`);
  return found === 'damaged' ? undefined : found;
}

/** The result of `compute` for an input, or what it gave when the same training ran before. */
export async function memo<T>(
  checkpoint: Checkpoint | undefined,
  label: string,
  input: unknown,
  compute: () => Promise<T>,
): Promise<T> {
  if (checkpoint === undefined) return compute();
  const place = placeOf(checkpoint, label, input);
  const found = outputOf(checkpoint, place);
  if (found !== undefined) return found.value as T;
  const value = await compute();
  try {
    writeKept(place.done, place.key, value);
  } catch (error) {
    checkpoint.say(notKept(error));
  }
  return value;
}

export interface KeptOptions<I> extends PoolOptions {
  readonly checkpoint?: Checkpoint | undefined;
  /** Names the jobs, in their order; part of the names of files. */
  readonly labels: readonly string[];
  /** What the jobs are, to say how many of them are done when a training goes on. */
  readonly what?: string;
  /** What tells a job from others of the same training; all of it by default. */
  readonly identify?: (job: I) => unknown;
}

function sayResuming(
  { say }: Checkpoint,
  what: string,
  labels: readonly string[],
  done: readonly boolean[],
  begun: readonly boolean[],
): void {
  const count = done.filter(Boolean).length;
  const open = labels.filter((_, i) => begun[i] && !done[i]);
  if (count === 0 && open.length === 0) return;
  const goesOn = open.length === 0 ? '' : `, ${open.join(' and ')} had begun`;
  say(`resuming: ${count} of ${labels.length} ${what} are done${goesOn}`);
}

/** Runs jobs as `runJobs` does; with a checkpoint, those that are done are not run again. */
export async function runKept<I, O>(
  moduleUrl: string,
  jobs: readonly I[],
  { checkpoint, labels, what, identify = (job) => job, ...options }: KeptOptions<I>,
): Promise<O[]> {
  if (checkpoint === undefined) return runJobs<I, O>(moduleUrl, jobs, options);
  const places = jobs.map((job, i) => placeOf(checkpoint, labels[i]!, identify(job)));
  const found = places.map((place) => outputOf(checkpoint, place));
  const isDone = found.map((output) => output !== undefined);
  const hasBegun = places.map(({ part }) => existsSync(part));
  if (what !== undefined) sayResuming(checkpoint, what, labels, isDone, hasBegun);
  const left = [...jobs.keys()].filter((i) => !isDone[i]);
  const keptJobs = left.map((i): KeptJob => ({ moduleUrl, input: jobs[i], place: places[i]! }));
  const keptModule = new URL('./kept-job.js', import.meta.url).href;
  const outputs = await runJobs<KeptJob, O>(keptModule, keptJobs, {
    ...options,
    onMessage(index, given) {
      const message = given as KeptMessage;
      if ('message' in message) options.onMessage?.(left[index]!, message.message);
      else checkpoint.say(message.warning);
    },
  });
  const results = found.map((output) => output?.value as O);
  left.forEach((job, i) => {
    results[job] = outputs[i]!;
  });
  return results;
}
