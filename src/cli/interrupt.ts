/** Ends a command that writes when it is interrupted: nothing of its work stays behind. */
import { releaseAll } from '../core/temporary.js';
import { printError } from './output.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Until the function that this returns is called, Ctrl-C, a polite kill and a closed terminal
 * first call `before`, remove what is being written, say so, and then end the process.
 */
export function cleanWhenStopped(before: () => void = () => undefined): () => void {
  const stop = (signal: NodeJS.Signals) => {
    release();
    before();
    releaseAll();
    printError('stopped; nothing was written');
    // By the signal itself: workers inside a native run cannot be terminated without an abort.
    process.kill(process.pid, signal);
  };
  const release = () => {
    for (const signal of signals) process.removeListener(signal, stop);
  };
  for (const signal of signals) process.on(signal, stop);
  return release;
}
