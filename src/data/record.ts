/** Reads records from a stream of JSON lines. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { MonbanError, show } from '../core/fault.js';

/**
 * The objects of a stream of JSON lines, one by one; blank lines are skipped. Throws MonbanError
 * that names the line for anything that is not a JSON object.
 */
export async function* readRecords(
  stream: Readable,
  where = 'standard input',
): AsyncGenerator<Record<string, unknown>> {
  let line = 0;
  for await (const raw of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    const text = line === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (text.trim() !== '') yield parseRecord(text, where, line);
  }
}

function parseRecord(text: string, where: string, line: number): Record<string, unknown> {
  const expected = 'a JSON object';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const todo = 'write one object per line, such as {"amount": 120}';
    throw new MonbanError({ where, line, expected, found: show(text), todo });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new MonbanError({ where, line, expected, found: show(value) });
}
