/** The serving graphs of a mixture: each expert, the gate with its route, and the pool. */

import type { FieldPorts, Model } from '../expert/expert.js';
import { experts } from '../expert/experts.js';
import { doubtPort, type GateFacts, presencePort, sharedPort } from '../gate/gate.js';
import { gates } from '../gate/gates.js';
import { select } from '../gate/route.js';
import { wished } from '../gate/wish.js';
import type { Calibration, Objective, PoolName } from '../objective/objective.js';
import { emit } from '../tensor/emit.js';
import { constant } from '../tensor/ops.js';
import type { ServedPorts } from '../tensor/served-ports.js';
import { input, type Tensor } from '../tensor/tensor.js';
import { servingTrace } from '../tensor/trace.js';
import type { Learned } from '../tensor/trace-serving.js';
import type { Features } from '../tensor/trace-types.js';
import { graphFeatures, servedPorts } from './wiring.js';

export interface ExpertGraph {
  readonly kind: string;
  readonly config: unknown;
  readonly fields: FieldPorts;
  readonly ports: readonly string[];
  /** Numbers it says about a row. */
  readonly outputs: number;
  /** What its kind read from outside, where it does. */
  readonly loaded?: unknown;
}

/** The model of an expert. */
export function modelOf({ kind, config, outputs, fields, loaded }: ExpertGraph): Model {
  return experts.get(kind).build(outputs, config, { fields, loaded });
}

/** Ports in (see `feedNames`), `output` out: raw outputs [B, W], or answers [B, V] where a calibration is given. */
export function expertGraph(
  graph: ExpertGraph,
  learned: Learned,
  objective: Objective,
  calibration?: Calibration,
): Uint8Array {
  const ports = servedPorts(graph.fields, graph.ports);
  const trace = servingTrace(learned, { ports, quantise: true });
  const model = modelOf(graph);
  if (model.by === 'nothing') throw new Error(`${graph.kind}: not a graph of its own`);
  const raw = model.forward(trace, trace.features);
  const output = calibration === undefined ? raw : objective.calibrated(raw, calibration);
  return emit({ name: 'expert', outputs: { output } });
}

/** Everything that turns cheap ports into a route. */
export interface GateGraph {
  readonly kind: string;
  readonly config: unknown;
  readonly fields: FieldPorts;
  readonly ports: readonly string[];
  readonly facts: GateFacts;
  readonly pool: PoolName;
  readonly topK: number;
  /** Index of the shared expert, or -1. */
  readonly shared: number;
  /** Selection bias per expert, from balancing. */
  readonly bias: readonly number[];
  /** lambda x cost per expert: what an expert must be worth to be asked. */
  readonly penalty: readonly number[];
}

/** Features of a gate's training graph: its cheap ports, the presence bits, and what the shared expert says. */
export function gateFeatures(
  graph: Pick<GateGraph, 'fields' | 'ports' | 'shared'>,
  outputs: number,
  objective: Objective,
) {
  const features = {
    ...graphFeatures(graph.fields, graph.ports),
    [presencePort]: input(presencePort, ['B', Object.keys(graph.fields).length]),
    ...(graph.shared < 0 ? {} : { [sharedPort]: input(sharedPort, ['B', outputs]) }),
  };
  return withDoubt(features, objective);
}

/** With how unsure the shared expert is, since a weighted sum of log-probabilities cannot tell. */
function withDoubt(features: Features, objective: Objective): Features {
  const said = features[sharedPort];
  if (said === undefined || objective.doubt === undefined) return features;
  return { ...features, [doubtPort]: objective.doubt(said as Tensor) };
}

function row(values: readonly number[]): Tensor {
  return constant(Float32Array.from(values), [1, values.length]);
}

/**
 * The ports of `gateInputs` and `open` [B, E] in; `scores` (in a cascade the expected gains),
 * `selection`, `mask` and `logWeights`, all [B, E], out, and of a kind that can say it `grounds`
 * [B, E, 4]: see `Grounded`.
 */
export function gateGraph(
  graph: GateGraph,
  learned: Learned,
  objective: Objective,
  outputs: number,
): Uint8Array {
  const ports: ServedPorts = {
    ...servedPorts(graph.fields, graph.ports),
    [presencePort]: { form: 'values', width: Object.keys(graph.fields).length },
    ...(graph.shared < 0 ? {} : { [sharedPort]: { form: 'values', width: outputs } }),
  };
  const trace = servingTrace(learned, { ports, quantise: false });
  const gate = gates.get(graph.kind);
  const features = withDoubt(trace.features, objective);
  const { scores, wish, grounds } = wished(gate, trace, features, graph.facts, graph);
  const open = input('open', ['B', graph.facts.experts.length]);
  const { selection, mask } = select(wish, open, {
    topK: graph.topK,
    penalty: row(graph.penalty),
    bias: row(graph.bias),
    shared: graph.shared,
  });
  const logWeights = objective.pools[graph.pool].weights(scores, mask);
  const said = { scores: wish, selection, mask, logWeights };
  return emit({ name: 'gate', outputs: grounds === undefined ? said : { ...said, grounds } });
}

/**
 * `outputs` [B, K, V] and `logWeights` [B, K] in; `answer` out: pooled outputs [B, W], or answers
 * [B, V] where a calibration is given.
 */
export function poolGraph(
  objective: Objective,
  state: unknown,
  pool: PoolName,
  calibration?: Calibration,
): Uint8Array {
  const prior = objective.prior(state);
  const pooled = objective.pools[pool].combine(
    input('outputs', ['B', 'K', prior.length]),
    input('logWeights', ['B', 'K']),
    constant(prior, [1, prior.length]),
  );
  const answer = calibration === undefined ? pooled : objective.calibrated(pooled, calibration);
  return emit({ name: 'pool', outputs: { answer } });
}
