/** What a gate that is fitted at once is fitted to: features of views, and how the experts did on them. */
import type { Columns, ValuesColumn } from '../core/column.js';
import { doubtPort, type Experience, sharedPort } from '../gate/gate.js';
import { objectives } from '../objective/objectives.js';
import { openSession } from '../runtime/session.js';
import { emit } from '../tensor/emit.js';
import { input } from '../tensor/tensor.js';
import { isPriced } from './cascade.js';
import { gainTargets, standings } from './gain.js';
import { portsOf } from './gate-batch.js';
import type { GateJob } from './gate-data.js';
import { gatherRows } from './gate-feeds.js';

const values = (data: Float32Array, width: number): ValuesColumn => ({
  form: 'values',
  width,
  data,
});

/** How unsure the shared expert is, as the gate's graph has it; nothing where the objective cannot tell. */
async function doubts({ data }: GateJob, said: ValuesColumn): Promise<Columns> {
  const { doubt } = objectives.get(data.objective.kind);
  if (doubt === undefined) return {};
  const output = doubt(input(sharedPort, ['B', said.width]));
  const session = await openSession(emit({ name: 'doubt', outputs: { output } }));
  const rows = said.data.length / said.width;
  const found = await session.run({ [sharedPort]: { data: said.data, dims: [rows, said.width] } });
  await session.close();
  return { [doubtPort]: values(found.output!.data as Float32Array, output.shape[1] as number) };
}

/** Outcomes of some views in the order of a gate's scores: a cascade has the gains beside them. */
function outcomesOf(job: GateJob, views: Int32Array): Float32Array {
  const { data, shared } = job;
  const experts = job.facts.experts.length;
  const plain = standings(data, views, experts);
  if (!isPriced(job)) return plain;
  const gains = gatherRows(gainTargets(data, shared, experts), views, experts);
  const both = new Float32Array(views.length * experts * 2);
  views.forEach((view, i) => {
    both.set(plain.subarray(i * experts, (i + 1) * experts), 2 * i * experts);
    for (let e = 0; e < experts; e++) {
      const known = data.open[view * experts + e] === 1 && data.open[view * experts + shared] === 1;
      both[(2 * i + 1) * experts + e] = known ? gains[i * experts + e]! : Number.NaN;
    }
  });
  return both;
}

/** Views and how the experts did on them, for `Gate.fit`. */
export async function experienceOf(job: GateJob, views: Int32Array): Promise<Experience> {
  const { feeds, bags } = portsOf(job, views);
  const columns: Record<string, ValuesColumn> = {};
  for (const [port, { data, dims }] of Object.entries(feeds))
    columns[port] = values(data, dims[1]!);
  const said = columns[sharedPort];
  const outcomes = outcomesOf(job, views);
  return {
    rows: views.length,
    scores: job.facts.experts.length * (isPriced(job) ? 2 : 1),
    columns: { ...columns, ...bags, ...(said === undefined ? {} : await doubts(job, said)) },
    outcomes,
  };
}
