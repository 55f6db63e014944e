/** Claims whose label an amount settles in half of the rows, a note in all. */
import { random } from '../src/core/random.js';
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
