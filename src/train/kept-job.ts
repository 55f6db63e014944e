/** In a worker thread: runs a job of another module and keeps what it reaches and what comes out. */
import { type Keeper, openKeeper, type Place } from './keeper.js';

/** What a module exports whose jobs can be kept. */
interface KeptModule {
  run(input: unknown, post: (message: unknown) => void, keeper: Keeper): Promise<unknown>;
}

export interface KeptJob {
  readonly moduleUrl: string;
  readonly input: unknown;
  readonly place: Place;
}

/** A message of the job itself, or a warning about what is kept of it. */
export type KeptMessage = { readonly message: unknown } | { readonly warning: string };

export async function run(
  { moduleUrl, input, place }: KeptJob,
  post: (message: KeptMessage) => void,
): Promise<unknown> {
  const job = (await import(moduleUrl)) as KeptModule;
  const keeper = openKeeper(place, {
    clock: () => performance.now(),
    warn: (warning) => post({ warning }),
  });
  const output = await job.run(input, (message) => post({ message }), keeper);
  keeper.finish(output);
  return output;
}
