/** Plain TypeScript computes what ONNX Runtime computes, operator by operator. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../../core/random.js';
import { elements } from '../../onnx/types.js';
import { emit } from '../../tensor/emit.js';
import * as ops from '../../tensor/ops.js';
import type { Tensor } from '../../tensor/tensor.js';
import { openSession } from '../session.js';
import { openSwift } from '../swift.js';
import { runBoth } from './agree.test.kit.js';
import { openPlain } from './plain.js';

type Make = (x: Tensor, y: Tensor, ids: Tensor) => Tensor;

const rows = 3;
const width = 4;
const even = Float32Array.from({ length: width * width }, (_, i) => Math.sin(i));

/** From x and y [B, 4] with y above 0, and ids [B, 2] below 4. */
const cases: Readonly<Record<string, Make>> = {
  arithmetic: (x, y) => ops.div(ops.sub(ops.mul(x, y), ops.add(x, 2)), y),
  'a row and a column': (x, y) =>
    ops.add(ops.mul(x, ops.constant([1, 2, 3, 4], [1, width])), ops.sum(y, [1], true)),
  functions: (x, y) =>
    ops.concat(
      [ops.exp(x), ops.log(y), ops.sqrt(y), ops.abs(x), ops.sigmoid(x), ops.tanh(x), ops.neg(x)],
      1,
    ),
  'more functions': (x, y) =>
    ops.concat([ops.softplus(x), ops.sin(x), ops.cos(x), ops.relu(x), ops.reciprocal(y)], 1),
  comparisons: (x, y) =>
    ops.where(ops.less(x, y), ops.where(ops.greaterEqual(x, 0), 1, x), ops.clip(y, 0.1, 0.5)),
  casts: (x, y) => ops.cast(ops.equal(ops.cast(x, 'int64'), ops.cast(y, 'int64')), 'float32'),
  extremes: (x, y) => ops.minimum(ops.maximum(x, ops.sub(ops.max(x, 1, true), y)), y),
  sums: (x, y) => ops.concat([ops.sum(x, [1], true), ops.mean(y, [1], true)], 1),
  'sums over rows': (x) => ops.add(x, ops.sum(x, [0], true)),
  'the softmax family': (x, y) =>
    ops.concat([ops.softmax(x), ops.logSoftmax(y), ops.logSumExp(x, 1, true)], 1),
  'log sums over a middle axis': (x) => ops.logSumExp(ops.reshape(x, ['B', 2, 2]), 1),
  products: (x, y) => ops.matmul(ops.matmul(x, ops.constant(even, [width, width])), y, turned),
  'products of a batch': (x, y) =>
    ops.matmul(ops.reshape(x, ['B', 2, 2]), ops.reshape(y, ['B', 2, 2])),
  'a product with what is stored': (x) =>
    ops.matmul(ops.reshape(x, ['B', 2, 2]), ops.constant([1, 2, 3, 4], [2, 2])),
  'turned axes': (x) => ops.transpose(ops.reshape(x, ['B', 2, 2]), [2, 0, 1]),
  parts: (x, y) => ops.concat([ops.slice(x, 1, 1, 3), ops.slice(y, 1, 0, 2)], 1),
  expanded: (x) => ops.expand(ops.mean(x, [1], true), ['B', width]),
  'ones and zeros': (x) => ops.concat([ops.onesLike(x), ops.zerosLike(x)], 1),
  'rows by their number': (_x, _y, ids) => ops.gather(ops.constant(even, [width, width]), ids),
  'columns by their number': (x) => ops.gather(x, ops.constant(Int32Array.of(3, 0, 0)), 1),
  'entries of a row': (x, _y, ids) => ops.pick(x, ops.cast(ids, 'int64')),
  'the largest': (x) => ops.topKMask(x, 2),
  'places of the largest': (x) => ops.cast(ops.topK(x, 3), 'float32'),
};
const turned = { transposeB: true };

const model = (make: Make): Uint8Array => {
  const x = ops.input('x', ['B', width]);
  const y = ops.input('y', ['B', width]);
  const ids = ops.input('ids', ['B', 2], 'int32');
  return emit({ name: 'plain', outputs: { out: make(x, y, ids) } });
};

test.each(Object.keys(cases))('%s', async (name) => {
  const bytes = model(cases[name]!);
  await fc.assert(
    fc.asyncProperty(fc.nat(1000), fc.integer({ min: 1, max: rows }), async (seed, count) => {
      const stream = random(seed, name);
      const some = (shape: number[], draw: () => number) => ({
        data: Float32Array.from({ length: elements(shape) }, draw),
        dims: shape,
      });
      // Whole numbers among the others, so that there are ties.
      const x = some([count, width], () => (stream.below(2) ? stream.below(3) : stream.normal()));
      const y = some([count, width], () => 0.1 + stream.uniform());
      const ids = {
        data: Int32Array.from({ length: count * 2 }, () => stream.below(width)),
        dims: [count, 2],
      };
      expect((await runBoth(bytes, { x, y, ids })).plain).toBe(true);
    }),
    { numRuns: 12 },
  );
});

test('what it does not know, and what is too much for one record, is left to the runtime', () => {
  const x = ops.input('x', ['B', 200]);
  const much = ops.matmul(x, ops.constant(new Float32Array(200 * 200), [200, 200]));
  expect(openPlain(emit({ name: 'much', outputs: { much } }))).toBeUndefined();
  const unknown = ops.cast(ops.topKMask(x, 2), 'uint8');
  expect(openPlain(emit({ name: 'unknown', outputs: { unknown } }))).toBeUndefined();
});

test('one row is answered without the runtime, more rows and chosen outputs by it', async () => {
  const x = ops.input('x', ['B', 2]);
  const bytes = emit({ name: 'sum', outputs: { sum: ops.sum(x, [1]), exp: ops.exp(x) } });
  let runs = 0;
  const session = await openSwift(async (model) => {
    const own = await openSession(model);
    return { ...own, run: (...given) => own.run(...given).finally(() => runs++) };
  }, bytes);
  const feeds = (rows: number) => ({
    x: { data: Float32Array.from({ length: 2 * rows }, (_, i) => i), dims: [rows, 2] },
  });
  expect([...(await session.run(feeds(1))).sum!.data]).toEqual([1]);
  expect(runs).toBe(0);
  expect([...(await session.run(feeds(2))).sum!.data]).toEqual([1, 5]);
  expect(Object.keys(await session.run(feeds(1), ['sum']))).toEqual(['sum']);
  expect(runs).toBe(2);
  await session.close();
});
