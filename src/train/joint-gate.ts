/** The gate of a joint phase: steps on route views, and says how it would route any view. */
import type { Load } from '../gate/balance.js';
import type { GateJob } from './gate-data.js';
import { openLearning, trainEpoch, watchLoad } from './gate-epoch.js';
import { runGate } from './gate-scores.js';

export interface JointGate {
  /** Some passes over the views that route, with what the clones say of them [V, K, W] by now. */
  train(
    outputs: Float32Array,
  ): Promise<{ readonly load: Load; readonly message: string | undefined }>;
  /** Log-probability that the route leads to each clone, its bias included: [V, K]. */
  route(): Promise<Float32Array>;
  close(): Promise<void>;
}

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

/** Opens the gate that `job` describes; `views` are those that route, `passes` over them make one round. */
export async function openJointGate(
  job: GateJob,
  views: Int32Array,
  passes: number,
): Promise<JointGate> {
  const learning = await openLearning(job, views, 'joint/gate/order');
  const { trainer } = learning;
  const clones = job.facts.experts.length;
  const all = Int32Array.from(job.data.views.row.keys());
  let epoch = 0;
  return {
    async train(outputs) {
      learning.job = { ...job, data: { ...job.data, outputs } };
      const counts = new Array<number>(clones).fill(0);
      for (let pass = 0; pass < passes; pass++, epoch++) {
        const done = await trainEpoch(learning, epoch);
        done.counts.forEach((count, k) => {
          counts[k]! += count;
        });
      }
      return watchLoad(learning, counts);
    },
    async route() {
      const now = { learned: trainer.values(), bias: learning.bias };
      const { selection } = await runGate(job, now, all, ['selection']);
      return logShares(selection, clones);
    },
    close: () => trainer.close(),
  };
}
