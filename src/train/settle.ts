/** Settling: after a gate is trained, biases are raised just until no expert is dead on route views. */
import { loadOf } from '../gate/balance.js';
import { select } from '../gate/route.js';
import { openSession } from '../runtime/session.js';
import { emit } from '../tensor/emit.js';
import { constant } from '../tensor/ops.js';
import { input } from '../tensor/tensor.js';

export interface Settling {
  /** [V, E] */
  readonly scores: Float32Array;
  readonly open: Float32Array;
  readonly bias: readonly number[];
  readonly penalty: readonly number[];
  readonly topK: number;
  readonly shared: number;
  readonly targets: readonly number[];
  /** Experts that are not helped. */
  readonly idle: readonly boolean[];
}

export interface Settled {
  readonly bias: readonly number[];
  readonly shares: readonly number[];
}

/** An expert below this part of its target is helped; a quarter is well clear of "dead" (5 %). */
const enough = 0.25;
const step = 0.02;
const mostRounds = 1000;

/** The route alone as a graph: scores, open and bias in, mask out. */
function routeGraph({ penalty, topK, shared }: Settling): Uint8Array {
  const experts = penalty.length;
  const { mask } = select(input('scores', ['B', experts]), input('open', ['B', experts]), {
    topK,
    shared,
    bias: input('bias', [1, experts]),
    penalty: constant(Float32Array.from(penalty), [1, experts]),
  });
  return emit({ name: 'route', outputs: { mask } });
}

/** Raises the bias of experts that are asked too seldom, by training rows only; zero mean. */
export async function settle(given: Settling): Promise<Settled> {
  const experts = given.penalty.length;
  const rows = given.scores.length / experts;
  const session = await openSession(routeGraph(given));
  const dims = [rows, experts];
  const bias = [...given.bias];
  let shares: readonly number[] = [];
  for (let round = 0; round < mostRounds; round++) {
    const { mask } = await session.run({
      scores: { data: given.scores, dims },
      open: { data: given.open, dims },
      bias: { data: Float32Array.from(bias), dims: [1, experts] },
    });
    const counts = new Array<number>(experts).fill(0);
    (mask!.data as Float32Array).forEach((value, i) => {
      counts[i % experts]! += value;
    });
    shares = loadOf(counts, given.targets).shares;
    const poor = shares.flatMap((share, e) =>
      share < enough * given.targets[e]! && !given.idle[e] ? [e] : [],
    );
    if (poor.length === 0 || poor.length === experts) break;
    for (const e of poor) bias[e]! += step;
  }
  await session.close();
  const centre = bias.reduce((a, b) => a + b, 0) / experts;
  return { bias: bias.map((value) => value - centre), shares };
}
