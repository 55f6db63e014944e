/** The only place where Monban writes to the terminal. */

import { describeFault, type Fault } from '../core/fault.js';

/** A line on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A line on standard error. */
export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One JSON object on standard output. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Says on standard error which columns of the model the data lacks. */
export function sayAbsent(columns: readonly string[]): void {
  if (columns.length === 0) return;
  const names = columns.map((column) => JSON.stringify(column)).join(', ');
  printError(`data: no column ${names}; counted as missing in every row`);
}

/** Says on standard error which values of fields could not be read: a few examples of each field. */
export function brokenSayer(examples = 3): (field: string, faults: readonly Fault[]) => void {
  const said = new Map<string, number>();
  return (field, faults) => {
    const before = said.get(field) ?? 0;
    said.set(field, before + faults.length);
    for (const fault of faults.slice(0, Math.max(0, examples - before)))
      printError(`${describeFault({ ...fault, where: field })}; it counts as missing`);
  };
}

/** A table with aligned columns; all but the first column to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join(
    '\n',
  );
}
