/** Turns what DuckDB says about a failed query into an error that a user can act on. */
import { type Fault, MonbanError } from '../core/fault.js';
import { nearest } from '../core/nearest.js';

/** What an error needs to say where a query came from and which names it may use. */
export interface Context {
  /** A file, a spec path or a column. */
  readonly where: string;
  readonly expected?: string;
  readonly todo?: string;
  /** Column names that a query may use. */
  readonly names?: readonly string[];
}

/** What DuckDB says of a CSV file in which it finds no common form. */
const unreadable = /Error when sniffing file|CSV Parser state machine/;

const hints: readonly (readonly [RegExp, string])[] = [
  [/No space left|Disk quota|out of disk space/i, 'free some room and run the same command again'],
  [/Out of Memory|failed to allocate/i, 'use fewer rows or columns, or a machine with more memory'],
  [/requires the extension httpfs/i, 'download the file first and give its local path'],
  [
    unreadable,
    'give every row the same number of cells and the same line end, and quote cells that hold the delimiter, quotes or line breaks',
  ],
  [/not utf-?8|invalid unicode|invalid utf/i, 'save the file as UTF-8'],
];

function unknownName(message: string): string | undefined {
  return /column "?(.+?)"? (?:not found|does not exist)/i.exec(message)?.[1];
}

/** Lines of DuckDB's messages that quote the query or advise on its own settings. */
const noise = /^(LINE \d|\^|Candidate|Possible|\*|CSV Error on Line|Original Line|\w+ = |Try )/;
const prefix = /^(Failed to [a-z ]+: )?([A-Z]\w*( [A-Z]\w*)* Error: )?/;

/** The sentence of DuckDB's message that says what is wrong. */
function essence(message: string): string {
  const lines = message.split('\n').map((line) => line.trim().replace(prefix, ''));
  const useful = lines.filter((line) => line !== '' && !noise.test(line));
  const telling = useful.find((line) =>
    /^(Expected Number|Value with|Invalid unicode|Maximum)/.test(line),
  );
  const text = (telling ?? useful[0] ?? 'an unknown error').replace(/[.!]\s*$/, '');
  return text.length > 240 ? `${text.slice(0, 237)}...` : text;
}

function lineOf(message: string): number | undefined {
  const match = /CSV Error on Line: (\d+)|in line (\d+)/.exec(message);
  const digits = match?.[1] ?? match?.[2];
  return digits === undefined ? undefined : Number(digits);
}

/** A MonbanError for an error that DuckDB threw; errors that are clear already pass through. */
export function queryFault(error: unknown, context: Context): unknown {
  if (error instanceof MonbanError || !(error instanceof Error)) return error;
  const message = error.message;
  const name = unknownName(message);
  if (name !== undefined && context.names !== undefined) {
    return columnFault(name, context.names, context.where);
  }
  const hint = hints.find(([pattern]) => pattern.test(message))?.[1] ?? context.todo;
  const line = lineOf(message);
  const fault: Fault = {
    where: context.where,
    expected: context.expected ?? 'a query that can run',
    found: unreadable.test(message) ? 'rows of different forms' : essence(message),
    ...(hint === undefined ? {} : { todo: hint }),
    ...(line === undefined ? {} : { line }),
  };
  return new MonbanError(fault, /No space left|Disk quota|Out of Memory/i.test(message) ? 1 : 2);
}

/** The error for a column that is not there; it names the nearest one that is. */
export function columnFault(name: string, names: readonly string[], where: string): MonbanError {
  const close = nearest(name, names);
  const list = names.length > 12 ? `${names.slice(0, 12).join(', ')}, ...` : names.join(', ');
  return new MonbanError({
    where,
    expected: `one of the columns ${list}`,
    found: `"${name}"`,
    todo: close === undefined ? 'choose one of them' : `did you mean "${close}"?`,
  });
}
