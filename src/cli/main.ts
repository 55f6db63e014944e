/** The command line: runs one verb and turns what went wrong into a message and an exit code. */
import { CommanderError } from 'commander';
import { MonbanError } from '../core/fault.js';
import { writeFault } from '../core/file.js';
import { printError, printJson } from './output.js';
import { program } from './program.js';

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof MonbanError ? error.exitCode : 1;
}

function messageOf(error: unknown): string {
  const { message, stack } = error as Error;
  if (error instanceof MonbanError) return message;
  if (error instanceof CommanderError) return message.replace(/^error: /, '');
  return process.env.MONBAN_DEBUG === '1' ? (stack ?? message) : `monban failed: ${message}`;
}

/** Says what went wrong in the caller's terms, with --json also as JSON; the exit code follows. */
function fail(error: unknown, json: boolean): number {
  const exitCode = exitCodeOf(error);
  if (exitCode === 0) return 0;
  const message = messageOf(error);
  // Commander has said it already.
  if (!(error instanceof CommanderError)) printError(message);
  const faults = error instanceof MonbanError ? error.faults : [];
  if (json) printJson({ error: { exitCode, message, faults } });
  return exitCode;
}

/** Runs one command line (without node and script) and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return fail(error, argv.includes('--json'));
  }
}

// A reader that has seen enough, such as `head`, is no failure; output that is lost is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : fail(writeFault('standard output', error), false));
});
process.exitCode = await main(process.argv.slice(2));
