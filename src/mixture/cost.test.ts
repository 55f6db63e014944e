/** What an expert is counted to cost: the work of one record. */
import { expect, test } from 'vitest';
import { countedCost } from './cost.js';

const graph = {
  kind: 'trees',
  config: { trees: 400, depth: 6, step: 0.15, l2: 1, rowShare: 1, columnShare: 1, rows: 1e5 },
  fields: { size: { value: { form: 'values', width: 1, cheap: true } } },
  ports: ['size:value'],
  outputs: 5,
} as const;

test('of an expert that is fitted in stages those count that it has', () => {
  const most = countedCost(graph, {});
  expect(countedCost(graph, {}, 400)).toBe(most);
  // 300 trees of 6 splits and 5 numbers fewer, at 2.1 ns each.
  expect(most - countedCost(graph, {}, 100)).toBeCloseTo(300 * 11 * 0.0021, 1);
});

test('what it takes to encode a port counts, where a port says so', () => {
  const reading = (work?: number) => ({
    ...graph,
    kind: 'linear',
    config: {},
    fields: { size: { value: { ...graph.fields.size.value, ...(work ? { work } : {}) } } },
  });
  const most = countedCost(reading(20_000), {});
  expect(most - countedCost(reading(), {})).toBeCloseTo(20_000 * 0.004, 0);
});
