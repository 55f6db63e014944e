/** What an expert is made of when it serves: a graph, behind an imported model where there is one. */
import type { FrozenModel, FrozenWiring } from '../expert/expert.js';
import type { Adopted, Calibration, Objective } from '../objective/objective.js';
import { emit } from '../tensor/emit.js';
import { input } from '../tensor/tensor.js';
import { servingTrace } from '../tensor/trace.js';
import type { Learned } from '../tensor/trace-serving.js';
import { type ExpertGraph, expertGraph, modelOf } from './graphs.js';
import { type ExpertParts, saidInput } from './imported.js';

/** An objective and what it learned of the target. */
export interface Aim {
  readonly objective: Objective;
  readonly state: unknown;
}

/** How the objective reads an imported model; throws MonbanError with every fault. */
export function adoptedBy(
  { objective, state }: Aim,
  { wiring }: FrozenModel,
  name: string,
): Adopted {
  return objective.adopt(wiring.output, state, `experts.${name}`);
}

function readingGraph(
  { width }: FrozenWiring['output'],
  adopted: Adopted,
  learned: Learned,
  objective: Objective,
  calibration?: Calibration,
): Uint8Array {
  const raw = adopted.forward(servingTrace(learned), input(saidInput, ['B', width]));
  const output = calibration === undefined ? raw : objective.calibrated(raw, calibration);
  return emit({ name: 'expert', outputs: { output } });
}

/** The parts of an expert: raw outputs [B, W], or answers [B, V] where a calibration is given. */
export function expertParts(
  name: string,
  graph: ExpertGraph,
  learned: Learned,
  aim: Aim,
  calibration?: Calibration,
): ExpertParts {
  const model = modelOf(graph);
  const { objective } = aim;
  if (model.by !== 'nothing')
    return { name, graph: expertGraph(graph, learned, objective, calibration) };
  const adopted = adoptedBy(aim, model, name);
  const { wiring, model: bytes } = model;
  return {
    name,
    graph: readingGraph(wiring.output, adopted, learned, objective, calibration),
    imported: { ...wiring, bytes, unsaid: adopted.unsaid },
  };
}
