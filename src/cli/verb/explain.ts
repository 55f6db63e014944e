/** `monban explain`: why this answer and these experts. */
import { readFileSync } from 'node:fs';
import { MonbanError, show } from '../../core/fault.js';
import { openDataset } from '../../data/dataset.js';
import { openBundle } from '../../mixture/bundle.js';
import { type Batch, chunkBatch, type JsonRecord, textColumns } from '../../predict/batch.js';
import { columnsOf } from '../../predict/columns.js';
import { explainBatch } from '../../predict/explain.js';
import { explainText } from '../../predict/explain-text.js';
import { openPredictor, type Predictor } from '../../predict/predictor.js';
import { brokenSayer, print, printJson, sayAbsent } from '../output.js';

/** A record to explain, and what the data says about it. */
interface Subject {
  readonly batch: Batch;
  /** Place and truth of a row of a file. */
  readonly known?: { readonly row: number; readonly truth?: string | number };
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: string[] = [];
  for await (const part of stream) parts.push(String(part));
  return parts.join('');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const found = { ENOENT: 'no such file', EISDIR: 'a folder' }[code] ?? code;
    const todo = 'name a file, - for standard input, or --data FILE --row N';
    throw new MonbanError({ where: path, expected: 'a JSON file with one record', found, todo });
  }
}

async function readRecord(path: string): Promise<JsonRecord> {
  const text = (path === '-' ? await readAll(process.stdin) : readText(path)).replace(
    /^\uFEFF/,
    '',
  );
  try {
    return JSON.parse(text) as JsonRecord;
  } catch (error) {
    throw new MonbanError({
      where: path === '-' ? 'standard input' : path,
      expected: 'one JSON object, such as {"amount": 120}',
      found: text.trim() === '' ? 'nothing' : `${show(text)} (${(error as Error).message})`,
      todo: 'mend the JSON, or name a row of a data file with --data FILE --row N',
    });
  }
}

function rowNumber(row: unknown): number {
  const number = Number(row);
  if (Number.isSafeInteger(number) && number >= 1 && String(row).trim() !== '') return number;
  const expected = 'a whole number of at least 1';
  throw new MonbanError({ where: '--row', expected, found: show(row), todo: 'the first row is 1' });
}

/** Row `row` of a file, counted from 1 as `monban predict` counts. */
async function readRow(predictor: Predictor, source: string, row: number): Promise<Subject> {
  const data = await openDataset(source);
  try {
    const { manifest } = predictor.bundle;
    const { fields, target } = manifest;
    const { read, absent } = columnsOf(manifest, data, false);
    sayAbsent(absent);
    const labelled = data.columns.some(({ name }) => name === target);
    const columns = labelled ? [...read, target] : read;
    const texts = textColumns(fields, target);
    const chunk = await data.read(columns, { limit: 1, offset: row - 1, texts });
    if (chunk.rows === 0) {
      const expected = `a row from 1 to ${await data.rows()} of ${source}`;
      throw new MonbanError({ where: '--row', expected, found: String(row) });
    }
    const truth = labelled ? chunk.columns[target]![0] : undefined;
    const told = typeof truth === 'string' || (typeof truth === 'number' && !Number.isNaN(truth));
    const known = told ? { row, truth } : { row };
    return { batch: chunkBatch(chunk, fields, row), known };
  } finally {
    await data.close();
  }
}

async function subjectOf(
  predictor: Predictor,
  path: string | undefined,
  { data, row }: Record<string, unknown>,
): Promise<Subject> {
  if (data !== undefined || row !== undefined) {
    const where = row === undefined ? '--data' : '--row';
    const expected = 'both --data FILE and --row N, and no record beside them';
    if (path !== undefined) throw new MonbanError({ where, expected, found: `also ${path}` });
    if (data === undefined || row === undefined)
      throw new MonbanError({ where, expected, found: `${where} alone` });
    return readRow(predictor, String(data), rowNumber(row));
  }
  if (path === undefined && process.stdin.isTTY) {
    const todo = 'name a JSON file, - for standard input, or --data FILE --row N';
    throw new MonbanError({ where: 'explain', expected: 'a record', found: 'nothing', todo });
  }
  return { batch: predictor.model.batchOf([await readRecord(path ?? '-')]) };
}

export async function run(
  [model, path]: (string | undefined)[],
  options: Record<string, unknown>,
): Promise<number> {
  const predictor = await openPredictor(openBundle(model!), { watch: { broken: brokenSayer() } });
  try {
    const { batch, known } = await subjectOf(predictor, path, options);
    const explained = await explainBatch(predictor, batch);
    if (options.json === true) printJson({ ...explained, ...known });
    else {
      if (known !== undefined)
        print(
          `Row ${known.row} of ${options.data}${known.truth === undefined ? '' : ` (in truth: ${known.truth})`}`,
        );
      print(explainText(explained, predictor.model.objective.shown));
    }
    return 0;
  } finally {
    await predictor.close();
  }
}
