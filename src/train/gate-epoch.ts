/** Trains a gate: its training graph, and one pass over the views. */
import { type Random, random } from '../core/random.js';
import { loadOf, type Monitor, nudge } from '../gate/balance.js';
import { gates } from '../gate/gates.js';
import { wished } from '../gate/wish.js';
import { gateFeatures } from '../mixture/graphs.js';
import type { GatePlan } from '../mixture/plan.js';
import { objectives } from '../objective/objectives.js';
import { createTrainer, type Trainer } from '../runtime/trainer.js';
import { linearRate } from '../tensor/rate.js';
import { trainingTrace } from '../tensor/trace.js';
import { batchOf, scalar } from './gate-batch.js';
import type { GateJob } from './gate-data.js';
import { lossGraph } from './gate-loss.js';

/** Share of the epochs in which everybody is asked more or less, before the route is exact. */
export const softPart = 0.6;
const hottest = 2;
const coldest = 0.05;

/** Annealing: the softness of the route falls from 2 to 0.05, then stays. */
function temperatureAt(done: number): number {
  const part = Math.min(1, done / softPart);
  return hottest * (coldest / hottest) ** part;
}

/** The training graph of a gate. */
export async function makeTrainer(job: GateJob, width: number): Promise<Trainer> {
  const { data, facts } = job;
  const trace = trainingTrace();
  const features = gateFeatures(
    { fields: data.fields, ports: data.ports, shared: job.shared },
    width,
    objectives.get(data.objective.kind),
  );
  const said = wished(gates.get(job.kind), trace, features, facts, job);
  const noise = trace.noise(['B', facts.experts.length], Math.max(job.plan.noise, 1e-6));
  const { loss, nll, mask } = lossGraph(job, said, noise, width);
  return createTrainer({
    loss,
    extra: { nll, mask },
    weights: trace.weights,
    tables: trace.tables,
    draws: trace.draws,
    seed: random(job.seed, 'gate').word(),
    optimiser: { rate: job.plan.rate, tableRate: 0.001, weightDecay: 0.01, clip: 1 },
  });
}

function countChoices(mask: Float32Array, experts: number, into: number[]): void {
  for (let i = 0; i < mask.length; i++) into[i % experts]! += mask[i]!;
}

/**
 * How a gate is balanced while it learns. A gate that does not read the record can only send all
 * records of a pattern one way or the other, so that a push towards the targets makes its route worse
 * and no evener.
 */
export function balancing({ kind, plan }: GateJob): GatePlan['balance']['kind'] {
  return gates.get(kind).readsPorts ? plan.balance.kind : 'none';
}

/** What balancing moves from batch to batch. */
export interface Balance {
  bias: number[];
  monitor: Monitor;
}

/** One pass over the views; counts the choices of each expert. */
export async function trainEpoch(
  job: GateJob,
  trainer: Trainer,
  views: Int32Array,
  width: number,
  stream: Random,
  epoch: number,
  balance: Balance,
  gains?: Float32Array,
) {
  const experts = job.facts.experts.length;
  const { plan } = job;
  const kind = balancing(job);
  const counts = new Array<number>(experts).fill(0);
  let total = 0;
  let steps = 0;
  for (let from = 0; from < views.length; from += plan.batch) {
    const done = epoch + from / views.length;
    const { feeds, bags } = batchOf(
      job,
      views.subarray(from, from + plan.batch),
      width,
      stream,
      gains,
    );
    const rows = Math.min(plan.batch, views.length - from);
    const auxiliary =
      kind === 'auxiliary'
        ? plan.balance.weight * (job.facts.unit ?? 1) * balance.monitor.strength
        : 0;
    const { extra } = await trainer.step({
      feeds: {
        ...feeds,
        bias: { data: Float32Array.from(balance.bias), dims: [1, experts] },
        ...(gains === undefined
          ? {
              temperature: scalar(temperatureAt(done / plan.epochs)),
              auxiliary: scalar(auxiliary),
            }
          : {}),
      },
      bags,
      rows: Int32Array.from({ length: rows }, (_, i) => i),
      rateFactor: linearRate(plan.epochs, 0.05)(done),
    });
    const chosen = new Array<number>(experts).fill(0);
    countChoices(extra.mask!, experts, chosen);
    chosen.forEach((count, e) => {
      counts[e]! += count;
    });
    if (kind === 'bias') {
      const loads = loadOf(chosen, job.targets).shares;
      balance.bias = nudge(
        balance.bias,
        loads,
        job.targets,
        plan.balance.rate * balance.monitor.strength,
      );
    }
    total += extra.nll![0]!;
    steps++;
  }
  return { loss: total / steps, counts };
}
