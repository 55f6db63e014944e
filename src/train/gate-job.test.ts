/** What the training of a gate reports. */
import { expect, test } from 'vitest';
import type { GateJob } from './gate-data.js';
import { run } from './gate-job.js';

const rows = 16;
const experts = 2;

/** Two experts, the first always nearly right, the second guessing; the gate reads one number. */
function jobOf(penalties: { readonly weight: number; readonly zLoss: number }): GateJob {
  const truth = Float64Array.from({ length: rows }, (_, i) => i % 2);
  const outputs = new Float32Array(rows * experts * 2);
  truth.forEach((label, row) => {
    const at = row * experts * 2;
    outputs[at + label] = Math.log(0.9);
    outputs[at + 1 - label] = Math.log(0.1);
    outputs.fill(Math.log(0.5), at + 2, at + 4);
  });
  const facts = ['sure', 'guess'].map((name, i) => ({ name, cost: 1, loss: i }));
  return {
    data: {
      objective: { kind: 'classification', state: { labels: [0, 1], shares: [0.5, 0.5] } },
      fields: { x: { value: { form: 'values', width: 1, cheap: true } } },
      ports: ['x:value'],
      columns: { 'x:value': { form: 'values', width: 1, data: new Float32Array(rows).fill(0.5) } },
      views: {
        row: Int32Array.from({ length: rows }, (_, i) => i),
        visible: new Uint8Array(rows).fill(1),
      },
      outputs,
      open: new Float32Array(rows * experts).fill(1),
      truth,
      check: new Uint8Array(rows),
      unit: Uint32Array.from({ length: rows }, (_, row) => row),
    },
    kind: 'linear',
    config: {},
    pool: 'mixture',
    topK: 1,
    shared: -1,
    penalty: [0, 0],
    facts: { experts: facts, patterns: [] },
    targets: [0.5, 0.5],
    idle: [false, false],
    plan: {
      balance: { kind: 'auxiliary', weight: penalties.weight, rate: 0 },
      zLoss: penalties.zLoss,
      noise: 0,
      expertDropout: 0,
      epochs: 1,
      batch: rows,
      rate: 0.01,
    },
    seed: 1,
  };
}

async function reported(job: GateJob): Promise<number> {
  const losses: number[] = [];
  await run(job, ({ loss }) => losses.push(loss));
  expect(losses).toHaveLength(1);
  return losses[0]!;
}

test('the reported loss is the likelihood alone, whatever the penalties weigh', async () => {
  // Sixteen rows are one step: the loss is that of the starting weights, which the penalties cannot have moved.
  const plain = await reported(jobOf({ weight: 0, zLoss: 0 }));
  expect(plain).toBeGreaterThan(0.1);
  expect(plain).toBeLessThan(0.7);
  expect(await reported(jobOf({ weight: 10, zLoss: 1 }))).toBeCloseTo(plain, 6);
});
