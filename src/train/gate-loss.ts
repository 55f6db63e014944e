/** What a gate is trained to make small, as a graph. */
import { auxiliaryLoss } from '../gate/balance.js';
import { select, soften } from '../gate/route.js';
import type { Wished } from '../gate/wish.js';
import { objectives } from '../objective/objectives.js';
import {
  add,
  constant,
  logSumExp,
  mean,
  mul,
  neg,
  softmax,
  square,
  stopGradient,
  sub,
  sum,
} from '../tensor/ops.js';
import { input, type Tensor } from '../tensor/tensor.js';
import { isPriced } from './cascade.js';
import type { GateJob } from './gate-data.js';
import { widthOf } from './gate-feeds.js';

/** With a reward the likelihood still shapes the weights, but the reward decides the route. */
const rewardShare = 0.1;

function row(values: readonly number[]): Tensor {
  return constant(Float32Array.from(values), [1, values.length]);
}

/** Mean squared error of the expected gains where an expert is open, a scalar. */
function gainLoss(wish: Tensor, open: Tensor): Tensor {
  const error = mul(sub(wish, input('gains', wish.shape)), open);
  return mean(sum(square(error), [1]), [0]);
}

/**
 * Loss, and what the monitor reads; penalties are not part of the reported `nll`. In a cascade the
 * best experts by expected gain are asked always while it trains: the weights then learn from every
 * row, and what asking is worth is fitted to what it gained, untouched by who was asked.
 */
export function lossGraph(job: GateJob, said: Wished, noise: Tensor) {
  const { data, plan } = job;
  const experts = job.facts.experts.length;
  const objective = objectives.get(data.objective.kind);
  const cascade = isPriced(job);
  const open = input('open', ['B', experts]);
  const bias = add(input('bias', [1, experts]), noise);
  const route = { topK: job.topK, penalty: row(job.penalty), bias, shared: job.shared };
  const selected = select(cascade ? stopGradient(said.wish) : said.wish, open, route);
  const share = cascade
    ? selected.mask
    : soften(selected, open, input('temperature', []), job.shared);
  const pool = objective.pools[job.pool];
  const prior = objective.prior(data.objective.state);
  const pooled = pool.combine(
    input('outputs', ['B', experts, widthOf(data)]),
    pool.weights(said.scores, share),
    constant(prior, [1, prior.length]),
  );
  const truth = input('truth', ['B', 1], objective.truthType);
  const nll = neg(mean(objective.logLikelihood(pooled, truth), [0, 1]));
  const { unit = 1 } = job.facts;
  const z = mul(mean(square(logSumExp(said.scores, 1)), [0]), plan.zLoss * unit);
  const { mask } = selected;
  if (cascade) return { loss: add(add(nll, z), gainLoss(said.wish, open)), nll, mask };
  const auxiliary = mul(
    auxiliaryLoss(selected.selection, selected.mask, job.targets),
    input('auxiliary', []),
  );
  const penalties = add(z, auxiliary);
  if (data.rewards === undefined) return { loss: add(nll, penalties), nll, mask };
  const gained = sum(mul(softmax(selected.selection), input('rewards', ['B', experts])), [0, 1]);
  const reward = mul(gained, input('rewardScale', []));
  return { loss: sub(add(mul(nll, rewardShare), penalties), reward), nll, mask };
}
