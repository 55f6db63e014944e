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
  const said = new Map<string, Set<string>>();
  return (field, faults) => {
    const known = said.get(field) ?? new Set();
    said.set(field, known);
    for (const fault of faults) {
      const text = `${describeFault({ ...fault, where: field })}; it counts as missing`;
      if (known.size >= examples) return;
      if (!known.has(text)) printError(text);
      known.add(text);
    }
  };
}

/** Scripts whose characters are twice as wide on a terminal. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/gu;

/** Places that a text takes on a terminal. */
const widthOf = (text: string): number => text.length + (text.match(wide)?.length ?? 0);

/** A table with aligned columns; all but the first column to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replace(/\s+/gu, ' ')));
  const widths = head.map((_, i) => Math.max(...all.map((row) => widthOf(row[i] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => {
        const gap = ' '.repeat(widths[i]! - widthOf(cell));
        return i === 0 ? `${cell}${gap}` : `${gap}${cell}`;
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(all[0]!), rule, ...all.slice(1).map(line)].join('\n');
}
