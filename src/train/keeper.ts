/** What a long job keeps on the way, so that it goes on where a run that was killed had got to. */
import { removeQuietly } from '../core/temporary.js';
import { notKept, readKept, writeKept } from './kept-file.js';

export interface Keeper {
  /** What an interrupted run of the same job kept last; `undefined` for a job that begins. */
  readonly kept: unknown;
  /** Says that the job could go on from here; when it is time, what `state` gives is kept. */
  reached(state: () => unknown): void;
}

/** For jobs of which nothing is kept. */
export const noKeeper: Keeper = { kept: undefined, reached: () => undefined };

/** Where one job keeps things, and the key that says which job of which training it is. */
export interface Place {
  readonly key: string;
  /** What it had reached. */
  readonly part: string;
  /** What came out of it. */
  readonly done: string;
  /** Milliseconds at least between two writes of what it has reached. */
  readonly every: number;
}

export interface JobKeeper extends Keeper {
  /** Keeps what came out; what was reached is no longer needed. */
  finish(output: unknown): void;
}

/** The next write waits so many times as long as the last one took: 2 % of the time at most. */
const times = 50;

/** Opens the keeper of a job. `clock` gives milliseconds; `warn` hears of what cannot be kept. */
export function openKeeper(
  { key, part, done, every }: Place,
  { clock, warn }: { readonly clock: () => number; readonly warn: (text: string) => void },
): JobKeeper {
  const found = readKept(part, key);
  if (found === 'damaged') warn(`${part} is damaged and is not used`);
  let next = clock() + every;
  let broken = false;
  const write = (path: string, value: unknown): void => {
    try {
      writeKept(path, key, value);
    } catch (error) {
      broken = true;
      warn(notKept(error));
    }
  };
  return {
    kept: typeof found === 'object' ? found.value : undefined,
    reached(state) {
      const start = clock();
      if (broken || start < next) return;
      write(part, state());
      const end = clock();
      next = end + (every === 0 ? 0 : Math.max(every, times * (end - start)));
    },
    finish(output) {
      if (!broken) write(done, output);
      removeQuietly(part);
    },
  };
}
