/** The kNN gate: asks the experts that did best on the most similar held-out records. */
import { z } from 'zod';
import { random } from '../core/random.js';
import {
  add,
  concat,
  div,
  gather,
  less,
  matmul,
  maximum,
  mul,
  neg,
  relu,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  sum,
  topK,
  transpose,
  where,
} from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Features, Trace } from '../tensor/trace.js';
import type { Experience, Gate, GateFacts, Grounded } from './gate.js';
import { fitSpace, learnedSpace, located, placesIn, spaceSize } from './space.js';

const config = z.strictObject({
  k: z.int().min(2).max(1000).default(30).describe('neighbours that are looked at'),
  z: z
    .number()
    .min(0)
    .default(0.5)
    .describe('standard errors that they must differ by from what is usual'),
  prototypes: z
    .int()
    .min(1)
    .max(100_000)
    .default(4000)
    .describe('held-out records that are kept at most'),
});
type Config = z.infer<typeof config>;

/** Means of the known outcomes [N, S] per score, 0 where none is known. */
function usualOf({ outcomes, scores }: Experience): Float32Array {
  const sums = new Float64Array(scores);
  const known = new Float64Array(scores);
  outcomes.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    sums[i % scores]! += value;
    known[i % scores]!++;
  });
  return Float32Array.from(sums, (total, s) => total / Math.max(1, known[s]!));
}

/**
 * Half of the records, drawn by the seed, say what counts as similar, and the other half are those that
 * are kept: a record that had a say in its own place would look more like its neighbours than a new
 * one does (Wager and Athey 2018, "honesty").
 */
function fit(experience: Experience, { prototypes }: Config, seed: number) {
  const { columns, outcomes, rows, scores } = experience;
  const usual = usualOf(experience);
  const unusual = outcomes.map((value, i) =>
    Number.isNaN(value) ? 0 : value - usual[i % scores]!,
  );
  const order = random(seed, 'gate/knn').shuffle(Int32Array.from({ length: rows }, (_, i) => i));
  const half = Math.floor(rows / 2);
  const telling = order.subarray(0, half);
  const stream = random(seed, 'gate/knn/space');
  const space = fitSpace(columns, unusual, telling, scores, stream);
  const kept = order.subarray(half, half + prototypes);
  // At least one, of which nothing is known where there is none.
  const size = Math.max(1, kept.length);
  const places = new Float32Array(size * spaceSize(scores));
  places.set(placesIn(space, columns, kept, scores));
  const did = new Float32Array(size * 2 * scores);
  kept.forEach((row, i) => {
    for (let s = 0; s < scores; s++) {
      did[2 * i * scores + s] = unusual[row * scores + s]!;
      did[(2 * i + 1) * scores + s] = Number(!Number.isNaN(outcomes[row * scores + s]));
    }
  });
  const { weights, tables } = learnedSpace(space, columns);
  return { weights: { ...weights, prototypes: places, outcomes: did, usual }, tables };
}

/** Outcomes less the usual and whether they are known, of the k nearest: twice [B, k, S]. */
function neighbours(trace: Trace, features: Features, scores: number, k: number) {
  const points = trace.fitted('prototypes', spaceSize(scores));
  const kept = points.shape[0] as number;
  const norms = reshape(sum(square(points), [1]), [1, kept]);
  // The square of the distance, less what all prototypes share, with its sign turned.
  const own = matmul(located(trace, features, scores), transpose(points, [1, 0]));
  const nearest = topK(sub(mul(own, 2), norms), Math.min(k, kept));
  const did = gather(trace.fitted('outcomes', 2 * scores), nearest);
  return { unusual: slice(did, 2, 0, scores), known: slice(did, 2, scores, 2 * scores) };
}

/**
 * The usual outcome, plus by how much the neighbours' mean differs from it beyond z standard errors:
 * with two experts the order of their usual outcomes is left just where the neighbours' paired
 * difference speaks against it by more than z of its errors.
 */
function grounded(trace: Trace, features: Features, facts: GateFacts, { k, z }: Config): Grounded {
  const scores = facts.experts.length;
  const { unusual, known } = neighbours(trace, features, scores, k);
  const count = sum(known, [1]);
  const some = maximum(count, 1);
  const mean = div(sum(unusual, [1]), some);
  const spread = relu(sub(div(sum(square(unusual), [1]), some), square(mean)));
  const error = sqrt(div(spread, maximum(sub(count, 1), 1)));
  const guard = mul(error, z);
  const beyond = sub(relu(sub(mean, guard)), relu(sub(neg(mean), guard)));
  const usual = trace.fitted('usual', scores);
  const column = (x: Tensor): Tensor => reshape(x, ['B', scores, 1]);
  const parts = [count, add(mean, usual), error, add(mul(mean, 0), usual)];
  return {
    // Of a single neighbour nobody can say how sure it is.
    scores: add(where(less(count, 2), 0, beyond), usual),
    grounds: concat(parts.map(column), 2),
  };
}

export const knn: Gate<Config> = {
  kind: 'knn',
  summary:
    'asks who did best on the most similar held-out records, without training steps: numbers are compared as they are, words and ids by what they tell of the experts, what is absent as zeros',
  config,
  learns: true,
  readsPorts: true,
  fit,
  grounded,
  scores: (trace, features, facts, config) => grounded(trace, features, facts, config).scores,
};
