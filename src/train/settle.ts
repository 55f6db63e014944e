/** Settling: after a gate is trained, biases are raised just until no expert is dead on route views. */
import { choicesOf, loadOf } from '../gate/balance.js';
import { select } from '../gate/route.js';
import { openSession, type Session } from '../runtime/session.js';
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
/**
 * A step that lifts an expert beyond this many times its target has moved records that the scores
 * cannot tell apart: they would all go to an expert that the gate thinks worse.
 */
const tooMuch = 1.5;
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

/** The shares [E] that a bias [E] gives. */
function sharesOf(given: Settling, session: Session) {
  const experts = given.penalty.length;
  const dims = [given.scores.length / experts, experts];
  return async (bias: readonly number[]): Promise<readonly number[]> => {
    const { mask } = await session.run({
      scores: { data: given.scores, dims },
      open: { data: given.open, dims },
      bias: { data: Float32Array.from(bias), dims: [1, experts] },
    });
    return loadOf(choicesOf(mask!.data as Float32Array, experts), given.targets).shares;
  };
}

/**
 * Raises the bias of experts that are asked too seldom, by training rows only; zero mean. An expert
 * that no small step can help keeps the bias it had: where the scores do not differ by record, any
 * bias moves all records or none.
 */
export async function settle(given: Settling): Promise<Settled> {
  const { targets } = given;
  const session = await openSession(routeGraph(given));
  const share = sharesOf(given, session);
  const helped = given.idle.map((idle) => !idle);
  let bias = [...given.bias];
  let shares = await share(bias);
  for (let round = 0; round < mostRounds; round++) {
    const poor = shares.map((own, e) => helped[e]! && own < enough * targets[e]!);
    if (!poor.includes(true) || !poor.includes(false)) break;
    const raised = bias.map((value, e) => (poor[e]! ? value + step : value));
    const next = await share(raised);
    const jumped = next.map((own, e) => poor[e]! && own > tooMuch * targets[e]!);
    if (jumped.includes(true)) {
      // What the expert was raised by so far was in vain, and is taken back.
      bias = bias.map((value, e) => (jumped[e]! ? given.bias[e]! : value));
      jumped.forEach((is, e) => {
        if (is) helped[e] = false;
      });
      shares = await share(bias);
    } else {
      bias = raised;
      shares = next;
    }
  }
  await session.close();
  const centre = bias.reduce((a, b) => a + b, 0) / bias.length;
  return { bias: bias.map((value) => value - centre), shares };
}
