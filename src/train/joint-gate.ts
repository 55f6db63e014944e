/** The gate of a joint phase: steps on route views, and says how it would route any view. */
import { type Random, random } from '../core/random.js';
import { type Load, loadOf, startMonitor, watch } from '../gate/balance.js';
import { gateGraph } from '../mixture/graphs.js';
import { objectives } from '../objective/objectives.js';
import { openSession } from '../runtime/session.js';
import type { Trainer } from '../runtime/trainer.js';
import type { GateJob } from './gate-data.js';
import { type Balance, makeTrainer, trainEpoch } from './gate-epoch.js';
import { gateFeeds } from './gate-feeds.js';
import { graphOf } from './gate-scores.js';

export interface JointGate {
  /** Some passes over the views that route, with what the clones say of them [V, K, W] by now. */
  train(outputs: Float32Array): Promise<{ readonly load: Load; readonly message?: string }>;
  /** Log-probability that the route leads to each clone, its bias included: [V, K]. */
  route(): Promise<Float32Array>;
  bias(): readonly number[];
  close(): Promise<void>;
}

const slice = 512;

/** Log-softmax of each row of K numbers. */
function logShares(selection: Float32Array, clones: number): Float32Array {
  const out = new Float32Array(selection.length);
  for (let at = 0; at < out.length; at += clones) {
    const row = selection.subarray(at, at + clones);
    const top = Math.max(...row);
    const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
    for (let k = 0; k < clones; k++) out[at + k] = row[k]! - top - total;
  }
  return out;
}

interface Parts {
  readonly job: GateJob;
  readonly trainer: Trainer;
  readonly width: number;
}

async function routeAll({ job, trainer, width }: Parts, bias: readonly number[]) {
  const clones = job.facts.experts.length;
  const objective = objectives.get(job.data.objective.kind);
  const session = await openSession(
    gateGraph(graphOf(job, bias), trainer.values(), objective, width),
  );
  const all = Int32Array.from(job.data.views.row.keys());
  const selection = new Float32Array(all.length * clones);
  for (let from = 0; from < all.length; from += slice) {
    const feeds = gateFeeds(job, all.subarray(from, from + slice), width);
    const wanted = session.inputs.map(({ name }) => [name, feeds[name]!]);
    const said = await session.run(Object.fromEntries(wanted));
    selection.set(said.selection!.data as Float32Array, from * clones);
  }
  await session.close();
  return logShares(selection, clones);
}

/** Opens the gate that `job` describes; `views` are those that route, `passes` over them make one round. */
export async function openJointGate(
  job: GateJob,
  views: Int32Array,
  passes: number,
): Promise<JointGate> {
  const width = objectives.get(job.data.objective.kind).answerWidth(job.data.objective.state);
  const clones = job.facts.experts.length;
  const names = job.facts.experts.map(({ name }) => name);
  const stream: Random = random(job.seed, 'joint/gate/order');
  const parts: Parts = { job, width, trainer: await makeTrainer(job, width) };
  const balance: Balance = { bias: names.map(() => 0), monitor: startMonitor };
  let epoch = 0;
  return {
    async train(outputs) {
      const own: GateJob = { ...job, data: { ...job.data, outputs } };
      const counts = new Array<number>(clones).fill(0);
      for (let pass = 0; pass < passes; pass++, epoch++) {
        stream.shuffle(views);
        const done = await trainEpoch(own, parts.trainer, views, width, stream, epoch, balance);
        done.counts.forEach((count, k) => {
          counts[k]! += count;
        });
      }
      const load = loadOf(counts, job.targets);
      if (job.plan.balance.kind === 'none') return { load };
      const { monitor, message } = { message: undefined, ...watch(balance.monitor, load, names) };
      balance.monitor = monitor;
      return message === undefined ? { load } : { load, message };
    },
    route: () => routeAll(parts, balance.bias),
    bias: () => balance.bias,
    close: () => parts.trainer.close(),
  };
}
