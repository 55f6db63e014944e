/** The controls: gates that learn nothing, which a learned gate must beat. */
import { z } from 'zod';
import { random } from '../core/random.js';
import { add, cast, constant, equal, matmul, mul, sum } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Gate, type GateFacts, presencePort } from './gate.js';

const nothing = z.strictObject({});
type Nothing = z.infer<typeof nothing>;
const seeded = z.strictObject({
  seed: z.int().min(0).default(0).describe('which random gate'),
});

/** The same row of scores for every record, shaped by the presence bits. */
function everywhere(presence: Tensor, scores: readonly number[]): Tensor {
  const none = mul(sum(presence, [1], true), 0);
  return add(none, constant(Float32Array.from(scores), [1, scores.length]));
}

/**
 * The score that gives weight 1 in a product pool, where weights are not shared out. The first choice
 * of a control has it, so that what a control asks is heard whole.
 */
const whole = Math.log(Math.E - 1);
/** Far enough apart that the first is always asked, whatever its neighbours' weights. */
const steep = 20;

/** Scores that rank experts by a price, the least first. */
const cheapestFirst = (prices: readonly number[]): number[] => {
  const least = Math.min(...prices);
  return prices.map((price) => whole - (price - least) * steep);
};

/** A gate whose scores are one row of numbers that follow from the facts. */
function fixed(
  kind: string,
  summary: string,
  scores: (facts: GateFacts) => number[],
  asksAll = false,
): Gate<Nothing> {
  return {
    kind,
    summary,
    config: nothing,
    learns: false,
    readsPorts: false,
    asksAll,
    scores: (_trace, features, facts) =>
      everywhere(features[presencePort] as Tensor, scores(facts)),
  };
}

export const uniform = fixed(
  'uniform',
  'control: asks every expert and weighs them evenly (the fixed ensemble)',
  (facts) => facts.experts.map(() => 0),
  true,
);

export const cheapest = fixed(
  'cheapest',
  'control: always asks the experts that cost least',
  (facts) => cheapestFirst(facts.experts.map(({ cost }) => cost)),
);

export const strongest = fixed(
  'strongest',
  'control: always asks the experts with the least held-out loss',
  (facts) => cheapestFirst(facts.experts.map(({ loss }) => loss)),
);

/** A frozen random projection of the presence bits and the dense cheap ports. */
export const frozen: Gate<z.infer<typeof seeded>> = {
  kind: 'random',
  summary: 'control: a frozen random gate that was never trained',
  config: seeded,
  learns: false,
  readsPorts: true,
  scores(_trace, features, facts, { seed }) {
    const experts = facts.experts.length;
    const stream = random(seed, 'gate/random');
    const draw = (rows: number): Tensor =>
      constant(
        Float32Array.from({ length: rows * experts }, () => stream.normal()),
        [rows, experts],
      );
    const dense = Object.values(features).filter(
      (feature): feature is Tensor => !('form' in feature),
    );
    const terms = dense.map((x) => matmul(x, draw(x.shape[1] as number)));
    return terms.reduce((a, b) => add(a, b), draw(1));
  },
};

/** Fixed rules: for each combination of given fields the expert that was best there on held-out rows. */
export const presence: Gate<Nothing> = {
  kind: 'presence',
  summary: 'control: fixed rules by which fields a record has, no learning',
  config: nothing,
  learns: false,
  readsPorts: false,
  scores(_trace, features, facts) {
    const bits = features[presencePort] as Tensor;
    const fields = bits.shape[1] as number;
    const { patterns, experts } = facts;
    const strongest = cheapestFirst(experts.map(({ loss }) => loss));
    if (patterns.length === 0) return everywhere(bits, strongest);
    const signs = Float32Array.from({ length: fields * patterns.length }, (_, i) => {
      const field = Math.floor(i / patterns.length);
      return patterns[i % patterns.length]!.presence[field]! * 2 - 1;
    });
    const given = Float32Array.from(patterns, ({ presence }) =>
      presence.reduce((a, b) => a + b, 0),
    );
    // sum over fields of bit x sign equals the number of given bits only where the pattern matches.
    const matches = matmul(bits, constant(signs, [fields, patterns.length]));
    const same = cast(equal(matches, constant(given, [1, patterns.length])), 'float32');
    const better = patterns.flatMap(({ losses }) =>
      cheapestFirst(losses).map((score, e) => score - strongest[e]!),
    );
    const rules = constant(Float32Array.from(better), [patterns.length, experts.length]);
    return add(everywhere(bits, strongest), matmul(same, rules));
  },
};
