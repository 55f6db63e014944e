/** Measures what an expert costs on this machine: encoding its ports and running one record. */
import type { Columns } from '../core/column.js';
import { quantile } from '../core/statistic.js';
import type { Coder } from '../encoder/encoder.js';
import { type Aim, expertParts } from '../mixture/expert-parts.js';
import { openExpert } from '../mixture/expert-runner.js';
import type { ExpertGraph } from '../mixture/graphs.js';
import { fieldOf } from '../mixture/wiring.js';
import { type Batch, takeValues } from '../predict/batch.js';
import { sessions } from '../runtime/session.js';
import type { Learned } from '../tensor/trace-serving.js';

const records = 200;
/** Rows that a measurement takes, where there are so many. */
export const measuredRows = 2 * records;

/** Median microseconds of single records; the first half only warms up. */
export async function measuredCost(
  name: string,
  graph: ExpertGraph,
  learned: Learned,
  aim: Aim,
  coders: Readonly<Record<string, Coder>>,
  rows: Batch,
  clock: () => number,
): Promise<number> {
  const runner = await openExpert(
    sessions,
    expertParts(name, graph, learned, aim, aim.objective.uncalibrated),
  );
  const times: number[] = [];
  const one = Int32Array.of(0);
  for (let i = 0; i < measuredRows; i++) {
    const row = Int32Array.of(i % rows.rows);
    const start = clock();
    const columns: Record<string, Columns[string]> = {};
    for (const port of graph.ports) {
      const field = fieldOf(port);
      const own = port.slice(field.length + 1);
      const coder = coders[field]!;
      const given = takeValues(rows.values[field]!, row);
      const values = (await coder.load?.(given))?.values ?? given;
      columns[port] = coder.encode(values, [own])[own]!;
    }
    await runner.say(graph.ports, { columns, rows: () => one });
    if (i >= records) times.push((clock() - start) * 1000);
  }
  await runner.close();
  return Number(quantile(times, 0.5).toPrecision(3));
}
