/** The command line: runs one verb and turns what went wrong into a message and an exit code. */
import { CommanderError } from 'commander';
import { MonbanError } from '../core/fault.js';
import { printError } from './output.js';
import { program } from './program.js';

/** Says what went wrong in the caller's terms; the exit code follows. */
function fail(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof MonbanError) {
    printError(error.message);
    return error.exitCode;
  }
  const { message, stack } = error as Error;
  printError(process.env.MONBAN_DEBUG === '1' ? (stack ?? message) : `monban failed: ${message}`);
  return 1;
}

/** Runs one command line (without node and script) and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return fail(error);
  }
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});
process.exitCode = await main(process.argv.slice(2));
