/** What a gate that is fitted at once gets to see of the views. */
import { expect, test } from 'vitest';
import { doubtPort, presencePort, sharedPort } from '../gate/gate.js';
import { experienceOf } from './experience.js';
import type { GateJob } from './gate-data.js';

const [half, most] = [Math.log(0.5), Math.log(0.9)];

/** Three views of one number, the second without it; two experts, the second closed in the last view. */
function jobOf(more: Partial<GateJob['data']> = {}, shared = -1): GateJob {
  const least = Math.log(0.1);
  const outputs = Float32Array.from([
    ...[most, least, half, half],
    ...[least, most, half, half],
    ...[most, least, half, half],
  ]);
  return {
    data: {
      objective: { kind: 'classification', state: { labels: [0, 1], shares: [0.5, 0.5] } },
      fields: { x: { value: { form: 'values', width: 1, cheap: true } } },
      ports: ['x:value'],
      columns: { 'x:value': { form: 'values', width: 1, data: Float32Array.of(7, 8, 9) } },
      views: { row: Int32Array.of(0, 1, 2), visible: Uint8Array.of(1, 0, 1) },
      outputs,
      open: Float32Array.of(1, 1, 1, 1, 1, 0),
      truth: Float64Array.of(0, 0, 0),
      check: new Uint8Array(3),
      unit: Uint32Array.of(0, 1, 2),
      ...more,
    },
    kind: 'knn',
    config: {},
    pool: 'mixture',
    topK: 1,
    shared,
    penalty: [0, 0],
    facts: { experts: ['a', 'b'].map((name) => ({ name, cost: 1, loss: 0 })), patterns: [] },
    targets: [0.5, 0.5],
    idle: [false, false],
    plan: {
      balance: { kind: 'none', weight: 0, rate: 0 },
      ...{ zLoss: 0, noise: 0, expertDropout: 0, epochs: 1, batch: 3, rate: 0.01 },
    },
    seed: 1,
  };
}

const views = Int32Array.of(0, 1, 2);

test('features of hidden fields are zeros, and outcomes are against what all do on the record', async () => {
  const { rows, scores, columns, outcomes } = await experienceOf(jobOf(), views);
  expect([rows, scores]).toEqual([3, 2]);
  const data = (name: string) => [...(columns[name] as { data: Float32Array }).data];
  expect(data('x:value')).toEqual([7, 0, 9]);
  expect(data(presencePort)).toEqual([1, 0, 1]);
  // By 0.59 nats the first is better, then by 1.61 worse; the record counts for both alike.
  expect(outcomes[0]! - outcomes[1]!).toBeCloseTo(most - half, 5);
  expect(outcomes[2]! - outcomes[3]!).toBeCloseTo(Math.log(0.1) - half, 5);
  expect(outcomes[5]).toBeNaN();
  expect(outcomes[4]).not.toBeNaN();
});

test('a record on which all do badly does not speak against those who were asked about it', async () => {
  const worth = Float32Array.of(1, 0.5, -9, -9.5, -9, 0);
  const { outcomes } = await experienceOf(jobOf({ rewards: worth }), views);
  expect(outcomes[0]).toBeCloseTo(outcomes[2]!, 5);
  expect(outcomes[1]).toBeCloseTo(outcomes[3]!, 5);
  expect(outcomes[4]).toBeCloseTo(outcomes[0]!, 2);
});

test('beside a shared expert the gains follow, with what it says and how unsure it is', async () => {
  const { scores, columns, outcomes } = await experienceOf(jobOf({}, 0), views);
  expect(scores).toBe(4);
  const gains = [outcomes[2], outcomes[3], outcomes[6], outcomes[7]];
  const apart = half - Math.log(0.1);
  expect(gains).toEqual([0, half - most, 0, apart].map((value) => expect.closeTo(value, 5)));
  expect(outcomes[11]).toBeNaN();
  expect(columns[sharedPort]).toMatchObject({ form: 'values', width: 2 });
  expect(columns[doubtPort]).toMatchObject({ form: 'values' });
});
