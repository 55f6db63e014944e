/** The side of the worker pool that runs in a worker thread. */
import type { MessagePort } from 'node:worker_threads';
import { type Fault, MonbanError } from '../core/fault.js';

/** What a job module exports. */
export interface JobModule<I, O> {
  run(input: I, post: (message: unknown) => void): Promise<O>;
}

/** One job as it crosses to the worker. */
export interface Task {
  readonly moduleUrl: string;
  readonly input: unknown;
  readonly port: MessagePort;
}

/** How a job ended; user errors cross as data, because a clone would lose their faults. */
export type Ending =
  | { readonly output: unknown }
  | { readonly faults: readonly Fault[]; readonly exitCode: MonbanError['exitCode'] };

/** What travels on the job's port: messages of the job, then the mark that there are no more. */
export type Parcel = { readonly message: unknown } | { readonly end: true };

/** Runs one job; called by the pool in the worker. */
export async function work({ moduleUrl, input, port }: Task): Promise<Ending> {
  const send = (parcel: Parcel): void => port.postMessage(parcel);
  try {
    const job = (await import(moduleUrl)) as JobModule<unknown, unknown>;
    return { output: await job.run(input, (message) => send({ message })) };
  } catch (error) {
    if (!(error instanceof MonbanError)) throw error;
    return { faults: error.faults, exitCode: error.exitCode };
  } finally {
    send({ end: true });
    port.close();
  }
}
