/** What is proposed for data of one kind. */
import { expect, test } from 'vitest';
import { plan } from './plan.js';
import { propose } from './propose.js';

const seen = (column: string, kind: string) => ({ column, kind, reason: '' });
const withData = (proposal: ReturnType<typeof propose>) => {
  const { left: _, ...spec } = proposal;
  return plan({ data: { source: 'rows', target: 'label' }, ...spec });
};

test('for pictures alone a small expert runs on all, and a large one beside it', () => {
  const { spec, experts } = withData(propose([seen('scan', 'image')]));
  expect(spec.gate.shared).toBe('glance');
  expect(experts.map(({ name }) => name)).toEqual(['look', 'glance']);
  expect(experts.map(({ config }) => (config as { size: string }).size)).toEqual([
    'large',
    'small',
  ]);
});

test('with other fields nobody is shared, and one expert reads all of them', () => {
  const { spec, experts } = withData(propose([seen('scan', 'image'), seen('note', 'text')]));
  expect(spec.gate.shared).toBeUndefined();
  expect(experts.map(({ name }) => name)).toEqual(['linear', 'fusion', 'words', 'look']);
});
