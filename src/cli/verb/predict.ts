/** `monban predict`: decides the records of a file, or those on standard input. */
import { MonbanError } from '../../core/fault.js';
import { openDataset } from '../../data/dataset.js';
import { readRecords } from '../../data/record.js';
import { rowWriter } from '../../data/write.js';
import { openBundle } from '../../mixture/bundle.js';
import type { Decision } from '../../mixture/decision.js';
import type { Objective } from '../../objective/objective.js';
import { chunkBatch, sliceBatch } from '../../predict/batch.js';
import { columnsOf } from '../../predict/columns.js';
import { openPredictor, type Predictor } from '../../predict/predictor.js';
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

interface Sink {
  write(rows: readonly Record<string, unknown>[]): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

const standardOutput: Sink = {
  async write(rows) {
    for (const row of rows) printJson(row);
  },
  close: async () => undefined,
  abort: async () => undefined,
};

async function decideFile(predictor: Predictor, source: string, sink: Sink): Promise<number> {
  const data = await openDataset(source);
  try {
    const { manifest } = predictor.bundle;
    const { fields } = manifest;
    const { read, absent } = columnsOf(manifest, data, false);
    sayAbsent(absent);
    let row = 0;
    for await (const chunk of data.chunks(read)) {
      const batch = chunkBatch(chunk, fields);
      for (let from = 0; from < batch.rows; from += rowsAtOnce) {
        const part = sliceBatch(batch, from, Math.min(batch.rows, from + rowsAtOnce));
        const routed = await predictor.run(part);
        const rows = Array.from({ length: part.rows }, (_, i) =>
          rowOf(predictor.decision(routed, i), row + i + 1, predictor.model.objective),
        );
        row += part.rows;
        await sink.write(rows);
      }
    }
    return row;
  } finally {
    await data.close();
  }
}

async function decideInput(predictor: Predictor): Promise<number> {
  let count = 0;
  for await (const record of readRecords(process.stdin)) {
    const [decision] = await predictor.decide([record]);
    printJson(decision);
    count++;
  }
  if (count === 0)
    throw new MonbanError({
      where: 'standard input',
      expected: 'one JSON object per line',
      found: 'nothing',
    });
  return count;
}

export async function run(
  [model, source]: string[],
  options: Record<string, unknown>,
): Promise<number> {
  const predictor = await openPredictor(openBundle(model!), { watch: { broken: brokenSayer() } });
  const out = options.out as string | undefined;
  try {
    if (source === '-') {
      await decideInput(predictor);
      return 0;
    }
    const sink =
      out === undefined
        ? standardOutput
        : await rowWriter(out, columnsFor(predictor.model.objective));
    try {
      const rows = await decideFile(predictor, source!, sink);
      await sink.close();
      if (out !== undefined && options.json === true) printJson({ rows, out });
      else if (out !== undefined) print(`${rows} decisions in ${out}`);
    } catch (error) {
      await sink.abort();
      throw error;
    }
    return 0;
  } finally {
    await predictor.close();
  }
}
