/** Claims whose label an amount settles in half of the rows, a note in all. */
import { random } from '../src/core/random.js';
import { type Plan, plan } from '../src/mixture/plan.js';
import type { LabelledRows } from '../src/train/rows.js';

/** Amounts above zero settle the label by themselves; below zero only the note does. */
export function claims(rows: number, seed: number): LabelledRows {
  const stream = random(seed, 'claims');
  const amount = Float64Array.from({ length: rows }, () => stream.uniform() * 4 - 2);
  const target = Array.from(amount, (x) => {
    if (x > 0) return x > 1 ? 'fraud' : 'sound';
    return stream.uniform() < 0.5 ? 'fraud' : 'sound';
  });
  const note = target.map((label) => `${label === 'fraud' ? 'lost' : 'broken'} item`);
  const unit = Uint32Array.from(target.keys());
  return { rows, values: { amount, note }, target, unit, unlabelled: 0 };
}

/**
 * A plan of two experts: the amount says where each is good, and the gate reads nothing else. It must
 * not read the note: a price buys what only the dear expert sees.
 */
export function claimsPlan(gate: object, more: object = {}): Plan {
  const training = { batch: 32, epochs: 10 };
  return plan({
    data: { source: 'claims', target: 'claim' },
    fields: { amount: 'number', note: { kind: 'text', minimum: 1 } },
    experts: {
      cheap: { kind: 'linear', reads: ['amount'], training },
      dear: { kind: 'text', width: 8, hidden: 8, reads: ['note'], training },
    },
    gate: { reads: ['amount'], ...gate },
    training: { threads: 0, crossFitBelow: 0, holdout: 0.5 },
    ...more,
  });
}
