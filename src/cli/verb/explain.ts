/** `monban explain`: why this answer and these experts. */
import { existsSync, readFileSync } from 'node:fs';
import { MonbanError } from '../../core/fault.js';
import { openBundle } from '../../mixture/bundle.js';
import type { JsonRecord } from '../../predict/batch.js';
import { explain, explainText } from '../../predict/explain.js';
import { openPredictor } from '../../predict/predictor.js';
import { print, printJson } from '../output.js';

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: string[] = [];
  for await (const part of stream) parts.push(String(part));
  return parts.join('');
}

async function readRecord(path: string): Promise<JsonRecord> {
  if (path !== '-' && !existsSync(path)) {
    throw new MonbanError({
      where: path,
      expected: 'a JSON file with one record',
      found: 'no such file',
      todo: 'name a file, or - for standard input',
    });
  }
  const text = path === '-' ? await readAll(process.stdin) : readFileSync(path, 'utf8');
  try {
    return JSON.parse(text) as JsonRecord;
  } catch {
    throw new MonbanError({
      where: path === '-' ? 'standard input' : path,
      expected: 'one JSON object',
      found: JSON.stringify(text.slice(0, 40)),
    });
  }
}

export async function run(
  [model, path]: string[],
  options: Record<string, unknown>,
): Promise<number> {
  const record = await readRecord(path!);
  const predictor = await openPredictor(openBundle(model!));
  try {
    const explained = await explain(predictor, record);
    if (options.json === true) printJson(explained);
    else print(explainText(explained));
    return 0;
  } finally {
    await predictor.close();
  }
}
