/** A stream of two kinds of record: experts learn from the records that carry their fields. */
import { expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { plan } from '../src/mixture/plan.js';
import type { LabelledRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';

/** Of 2,100 rows 100 carry a colour, which tells the label; the others carry a size. */
function stream(): LabelledRows {
  const draw = random(3, 'own rows');
  const rows = 2100;
  const isRare = (row: number): boolean => row % 21 === 0;
  const target = Array.from({ length: rows }, () => ['a', 'b'][draw.below(2)]!);
  const colour = target.map((label, row) => (isRare(row) ? { a: 'red', b: 'blue' }[label]! : null));
  const size = Float64Array.from(target, (label, row) =>
    isRare(row) ? Number.NaN : draw.normal() + (label === 'a' ? 1 : 0),
  );
  const unit = Uint32Array.from(target.keys());
  return { rows, values: { colour, size }, target, unit, unlabelled: 0 };
}

test('an expert of few records takes as many steps as if there were no others', async () => {
  const spec = plan({
    data: { source: 'stream', target: 'label' },
    fields: { colour: 'category', size: 'number' },
    experts: {
      colours: { kind: 'linear', reads: ['colour'] },
      sizes: { kind: 'linear', reads: ['size'] },
    },
    gate: { kind: 'static', epochs: 1, topK: 1 },
    training: { threads: 0, crossFitBelow: 0, holdout: 0.4 },
  });
  const { card } = await train(spec, stream());
  const [colours, sizes] = card.experts;
  expect(colours!.epochs).toBeGreaterThan(20);
  expect(sizes!.epochs).toBeLessThanOrEqual(6);
});
