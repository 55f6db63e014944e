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

test('for a table alone trees stand beside networks; of many fields the wide one is left out', () => {
  const fields = (count: number) =>
    Array.from({ length: count }, (_, i) => seen(`f${i}`, i % 2 === 0 ? 'number' : 'category'));
  const kindsOf = (count: number, objective?: string) =>
    withData(propose(fields(count), objective)).experts.map(({ name, kind }) => `${name}: ${kind}`);
  const all = ['linear: linear', 'table: tabular', 'wide: tabular', 'trees: trees'];
  expect(kindsOf(2)).toEqual(all);
  expect(kindsOf(2, 'regression')).toEqual(all);
  expect(kindsOf(65)).toEqual(all.filter((one) => !one.startsWith('wide')));
});
