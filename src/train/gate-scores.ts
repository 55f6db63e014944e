/** Runs a trained gate alone: its serving graph over views. */
import { type GateGraph, gateGraph } from '../mixture/graphs.js';
import { objectives } from '../objective/objectives.js';
import { openSession } from '../runtime/session.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import { gateFeeds } from './gate-feeds.js';

const slice = 512;

/** The serving graph's description of a trained gate. */
export function graphOf(job: GateJob, bias: readonly number[]): GateGraph {
  const { kind, config, facts, pool, topK, shared, penalty } = job;
  const { fields, ports } = job.data;
  return { kind, config, fields, ports, facts, pool, topK, shared, bias, penalty };
}

/** Scores of views [V, E]: in a cascade the expected gains. */
export async function gateScores(
  job: GateJob,
  gate: TrainedGate,
  views: Int32Array,
  width: number,
): Promise<Float32Array> {
  const experts = job.facts.experts.length;
  const objective = objectives.get(job.data.objective.kind);
  const session = await openSession(
    gateGraph(graphOf(job, gate.bias), gate.learned, objective, width),
  );
  const scores = new Float32Array(views.length * experts);
  for (let from = 0; from < views.length; from += slice) {
    const feeds = gateFeeds(job, views.subarray(from, from + slice), width);
    const said = await session.run(
      Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]!])),
    );
    scores.set(said.scores!.data as Float32Array, from * experts);
  }
  await session.close();
  return scores;
}
