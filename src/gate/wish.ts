/** What a route goes by: scores, or in a cascade what each expert would add to the shared one. */
import { constant, mul, slice } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Features, Trace } from '../tensor/trace.js';
import type { Gate, GateFacts } from './gate.js';

export interface Wished {
  /** [B, E] the pool's weights are made of these. */
  readonly scores: Tensor;
  /** [B, E] experts are selected by these; in a cascade 0 for the shared expert. */
  readonly wish: Tensor;
  /** [B, E, 4] what the wish rests on, where the kind can say: see `Grounded`. */
  readonly grounds?: Tensor;
}

/** True where a gate learns what asking beside the shared expert (its index, or -1) gains. */
export function isCascade(gate: Pick<Gate, 'learns'>, shared: number): boolean {
  return gate.learns && shared >= 0;
}

/**
 * Scores, and the wish beside them. How much of an answer an expert should make up says nothing of
 * whether asking it is worth its cost: where two agree either weight is right. So in a cascade the gate
 * scores every expert twice, and the second score learns the expected gain, in nats or in reward, of
 * asking it.
 */
export function wished(
  gate: Gate,
  trace: Trace,
  features: Features,
  facts: GateFacts,
  options: { readonly config: unknown; readonly shared: number },
): Wished {
  const { config, shared } = options;
  const say = (of: GateFacts): Pick<Wished, 'scores' | 'grounds'> =>
    gate.grounded?.(trace, features, of, config) ?? {
      scores: gate.scores(trace, features, of, config),
    };
  if (!isCascade(gate, shared)) {
    const said = say(facts);
    return { ...said, wish: said.scores };
  }
  const count = facts.experts.length;
  const twice = { ...facts, experts: [...facts.experts, ...facts.experts] };
  const { scores: both, grounds } = say(twice);
  const others = Float32Array.from(facts.experts, (_, e) => (e === shared ? 0 : 1));
  return {
    scores: slice(both, 1, 0, count),
    wish: mul(slice(both, 1, count, 2 * count), constant(others, [1, count])),
    ...(grounds === undefined ? {} : { grounds: slice(grounds, 1, count, 2 * count) }),
  };
}
