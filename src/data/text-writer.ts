/** Writes rows as CSV or as JSON lines. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Cell, OutputColumn } from './cell.js';

/** Where rows go; the caller names the file and moves it into place after `finish`. */
export interface Sink {
  add(rows: readonly (readonly Cell[])[]): Promise<void>;
  /** Everything is on disk when this resolves. */
  finish(): Promise<void>;
  /** Lets go of the file without finishing it. */
  discard(): Promise<void>;
}

function textSink(file: FileHandle, format: (cells: readonly Cell[]) => string): Sink {
  return {
    async add(rows) {
      await file.writeFile(`${rows.map(format).join('\n')}\n`);
    },
    async finish() {
      await file.sync();
      await file.close();
    },
    discard: () => file.close(),
  };
}

/** Texts are always quoted and NULL is nothing, so that '' and NULL differ in the file. */
function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return `"${cell.replaceAll('"', '""')}"`;
  if (typeof cell === 'object') return `"${JSON.stringify(cell).replaceAll('"', '""')}"`;
  return String(cell);
}

/** Opens a CSV file with a header. */
export async function csvSink(path: string, columns: readonly OutputColumn[]): Promise<Sink> {
  const file = await open(path, 'w');
  await file.writeFile(`${columns.map(({ name }) => csvCell(name)).join(',')}\n`);
  return textSink(file, (cells) => cells.map(csvCell).join(','));
}

/** Opens a file of one JSON object per line; infinite numbers become null. */
export async function jsonlSink(path: string, columns: readonly OutputColumn[]): Promise<Sink> {
  const file = await open(path, 'w');
  const keys = columns.map(({ name }) => JSON.stringify(name));
  const value = (cell: Cell, i: number): string => {
    if (typeof cell === 'bigint') return String(cell);
    return columns[i]!.type === 'JSON' && cell !== null ? String(cell) : JSON.stringify(cell);
  };
  return textSink(
    file,
    (cells) => `{${cells.map((cell, i) => `${keys[i]}:${value(cell, i)}`).join(',')}}`,
  );
}
