/** `monban predict`: decides the records of a file, or those on standard input. */
import { MonbanError } from '../../core/fault.js';
import { openDataset } from '../../data/dataset.js';
import { readRecords } from '../../data/record.js';
import { rowWriter } from '../../data/write.js';
import { openBundle } from '../../mixture/bundle.js';
import type { Decision } from '../../mixture/decision.js';
import type { Objective } from '../../objective/objective.js';
import { chunkBatch, sliceBatch, textColumns } from '../../predict/batch.js';
import { columnsOf } from '../../predict/columns.js';
import { openPredictor, type Predictor } from '../../predict/predictor.js';
import { cleanWhenStopped } from '../interrupt.js';
import { brokenSayer, print, printJson, sayAbsent } from '../output.js';

const rowsAtOnce = 1024;
/** The columns of a table of decisions, of which the objective gives the answer's. */
function columnsFor({ shown }: Objective) {
  return [
    { name: 'row', type: 'BIGINT' },
    ...shown.columns,
    { name: 'experts', type: 'VARCHAR[]' },
    { name: 'runner_up', type: 'VARCHAR' },
    { name: 'margin', type: 'DOUBLE' },
  ] as const;
}

function rowOf(decision: Decision, row: number, { shown }: Objective): Record<string, unknown> {
  const { answer, route, runnerUp, margin } = decision;
  return {
    row,
    ...Object.fromEntries(shown.columns.map(({ name, cell }) => [name, cell(answer)])),
    experts: route.map(({ expert }) => expert),
    runner_up: runnerUp,
    margin,
  };
}

type Write = (rows: readonly Record<string, unknown>[]) => Promise<void>;

async function decideFile(predictor: Predictor, source: string, write: Write): Promise<number> {
  const data = await openDataset(source);
  try {
    const { manifest } = predictor.bundle;
    const { fields } = manifest;
    const { read, absent } = columnsOf(manifest, data, false);
    sayAbsent(absent);
    let row = 0;
    for await (const chunk of data.chunks(read, { texts: textColumns(fields) })) {
      const batch = chunkBatch(chunk, fields, row + 1);
      for (let from = 0; from < batch.rows; from += rowsAtOnce) {
        const part = sliceBatch(batch, from, Math.min(batch.rows, from + rowsAtOnce));
        const routed = await predictor.run(part);
        const rows = Array.from({ length: part.rows }, (_, i) =>
          rowOf(predictor.decision(routed, i), row + i + 1, predictor.model.objective),
        );
        row += part.rows;
        await write(rows);
      }
    }
    return row;
  } finally {
    await data.close();
  }
}

async function decideInput(predictor: Predictor, write: Write): Promise<number> {
  let count = 0;
  for await (const record of readRecords(process.stdin)) {
    count++;
    const routed = await predictor.run(predictor.model.batchOf([record], count));
    await write([{ ...predictor.decision(routed, 0) }]);
  }
  if (count === 0)
    throw new MonbanError({
      where: 'standard input',
      expected: 'one JSON object per line',
      found: 'nothing',
    });
  return count;
}

/** Hands the decisions of the source to `write`; gives their number. */
function decide(predictor: Predictor, source: string, write: Write): Promise<number> {
  return source === '-' ? decideInput(predictor, write) : decideFile(predictor, source, write);
}

/** Decides into a file, which appears whole or not at all. */
async function decideTo(predictor: Predictor, source: string, out: string): Promise<number> {
  const release = cleanWhenStopped();
  try {
    const writer = await rowWriter(out, columnsFor(predictor.model.objective));
    try {
      const rows = await decideFile(predictor, source, writer.write);
      await writer.close();
      return rows;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    release();
  }
}

/** One JSON object per decision, or one of all that is printed when the last one is known. */
async function decideAloud(predictor: Predictor, source: string, whole: boolean): Promise<void> {
  const decisions: Record<string, unknown>[] = [];
  const rows = await decide(predictor, source, async (made) => {
    if (whole) decisions.push(...made);
    else for (const decision of made) printJson(decision);
  });
  if (whole) printJson({ rows, decisions });
}

export async function run(
  [model, source]: string[],
  options: Record<string, unknown>,
): Promise<number> {
  const out = options.out as string | undefined;
  const json = options.json === true;
  if (source === '-' && out !== undefined) {
    const todo = 'redirect standard output, or name a data file';
    throw new MonbanError({ where: '--out', expected: 'a data file', found: '-', todo });
  }
  const predictor = await openPredictor(openBundle(model!), { watch: { broken: brokenSayer() } });
  try {
    if (out === undefined) await decideAloud(predictor, source!, json);
    else {
      const rows = await decideTo(predictor, source!, out);
      if (json) printJson({ rows, out });
      else print(`${rows} decisions in ${out}`);
    }
    return 0;
  } finally {
    await predictor.close();
  }
}
