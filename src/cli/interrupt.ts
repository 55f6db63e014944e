/** Ends a command that writes when it is interrupted: nothing of its work stays behind. */
import { releaseAll } from '../core/temporary.js';
import { printError } from './output.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Until the function that this returns is called, Ctrl-C, a polite kill and a closed terminal
 * first remove what is being written, say what `last` gives, and then end the process.
 */
export function cleanWhenStopped(
  last: () => string = () => 'stopped; nothing was written',
): () => void {
  const stop = (signal: NodeJS.Signals) => {
    releaseAll();
    printError(last());
    // Not before: a second signal would end the process in the midst of cleaning.
    release();
    // By the signal itself: workers inside a native run cannot be terminated without an abort.
    process.kill(process.pid, signal);
  };
  const release = () => {
    for (const signal of signals) process.removeListener(signal, stop);
  };
  for (const signal of signals) process.on(signal, stop);
  return release;
}
