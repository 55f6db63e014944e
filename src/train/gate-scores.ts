/** Runs a trained gate alone: its serving graph over views. */
import { type GateGraph, gateGraph } from '../mixture/graphs.js';
import { objectives } from '../objective/objectives.js';
import { openSession } from '../runtime/session.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import { gateFeeds, widthOf } from './gate-feeds.js';

const slice = 512;

/** The serving graph's description of a trained gate. */
export function graphOf(job: GateJob, bias: readonly number[]): GateGraph {
  const { kind, config, facts, pool, topK, shared, penalty } = job;
  const { fields, ports } = job.data;
  return { kind, config, fields, ports, facts, pool, topK, shared, bias, penalty };
}

type Output = 'scores' | 'selection' | 'mask' | 'logWeights';

/** Outputs of the serving graph (see `gateGraph`) about views, each [V, E]. */
export async function runGate<O extends Output>(
  job: GateJob,
  { learned, bias }: Pick<TrainedGate, 'learned' | 'bias'>,
  views: Int32Array,
  outputs: readonly O[],
): Promise<Record<O, Float32Array>> {
  const experts = job.facts.experts.length;
  const objective = objectives.get(job.data.objective.kind);
  const width = widthOf(job.data);
  const session = await openSession(gateGraph(graphOf(job, bias), learned, objective, width));
  const all = outputs.map((name) => [name, new Float32Array(views.length * experts)] as const);
  for (let from = 0; from < views.length; from += slice) {
    const part = views.subarray(from, from + slice);
    const said = await session.run(gateFeeds(job, part, width), outputs);
    for (const [name, array] of all) array.set(said[name]!.data as Float32Array, from * experts);
  }
  await session.close();
  return Object.fromEntries(all) as Record<O, Float32Array>;
}
