/** Runs jobs in worker threads, each with its own sessions. */
import { MessageChannel } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import { MonbanError } from '../core/fault.js';
import type { Ending, JobModule, Parcel, Task } from './pool-worker.js';

export interface PoolOptions {
  /** Worker threads; 0 runs the jobs one after another in this thread. */
  readonly threads: number;
  /** Called with the place of the job in the list and what it posted, before the job's result. */
  readonly onMessage?: (index: number, message: unknown) => void;
  /** Ends the workers; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

async function runHere<I, O>(
  moduleUrl: string,
  jobs: readonly I[],
  { onMessage, signal }: PoolOptions,
): Promise<O[]> {
  const { run } = (await import(moduleUrl)) as JobModule<I, O>;
  const results: O[] = [];
  for (const [index, job] of jobs.entries()) {
    signal?.throwIfAborted();
    results.push(await run(job, (message) => onMessage?.(index, message)));
  }
  signal?.throwIfAborted();
  return results;
}

async function runThere(
  pool: Tinypool,
  { moduleUrl, input }: Omit<Task, 'port'>,
  onMessage: (message: unknown) => void,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { port1: here, port2: port } = new MessageChannel();
  const ended = new Promise<void>((resolve) => {
    here.on('message', (parcel: Parcel) =>
      'end' in parcel ? resolve() : onMessage(parcel.message),
    );
  });
  try {
    const task: Task = { moduleUrl, input, port };
    const options = {
      name: 'work',
      transferList: [port],
      ...(signal === undefined ? {} : { signal }),
    };
    const ending = (await pool.run(task, options)) as Ending;
    await ended;
    if ('faults' in ending) throw new MonbanError(ending.faults, ending.exitCode);
    return ending.output;
  } finally {
    here.close();
  }
}

/**
 * Runs the jobs of one module, which exports `run(input, post)`; results come in the order of the
 * jobs. Typed arrays over SharedArrayBuffer are not copied. The first job that fails ends the rest.
 */
export async function runJobs<I, O>(
  moduleUrl: string,
  jobs: readonly I[],
  options: PoolOptions,
): Promise<O[]> {
  const { threads, onMessage, signal } = options;
  signal?.throwIfAborted();
  if (threads === 0 || jobs.length === 0) return runHere(moduleUrl, jobs, options);
  const count = Math.min(threads, jobs.length);
  const filename = new URL('./pool-worker.js', import.meta.url).href;
  const pool = new Tinypool({ filename, minThreads: count, maxThreads: count });
  try {
    const running = jobs.map((input, index) =>
      runThere(pool, { moduleUrl, input }, (message) => onMessage?.(index, message), signal),
    );
    running.forEach((job) => void job.catch(() => undefined));
    return (await Promise.all(running)) as O[];
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await pool.destroy();
  }
}
