/** What operators compute, and that shape rules agree with what runs. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import type { Data, Dtype } from '../onnx/types.js';
import { emit } from '../tensor/emit.js';
import { initialise } from '../tensor/init.js';
import { normalise } from '../tensor/op/normalise.js';
import * as ops from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Arrays, openSession } from './session.js';

async function run(y: Tensor, feeds: Arrays = {}): Promise<{ data: number[]; dims: number[] }> {
  const session = await openSession(emit({ name: 'op', outputs: { y } }));
  const { data, dims } = (await session.run(feeds)).y!;
  await session.close();
  return { data: Array.from(data as Float32Array, Number), dims: [...dims] };
}

const feed = (data: Data, dims: number[]): Arrays => ({ x: { data, dims } });
const x = (width: number, dtype: Dtype = 'float32'): Tensor => ops.input('x', ['B', width], dtype);

test('topKMask marks exactly k per row and breaks ties by the lower index', async () => {
  const scores = Float32Array.from([1, 3, 3, 3, 5, 0, 0, 0]);
  const { data } = await run(ops.topKMask(x(4), 2), feed(scores, [2, 4]));
  expect(data).toEqual([0, 1, 1, 0, 1, 1, 0, 0]);
  const all = await run(ops.topKMask(x(4), 4), feed(scores, [2, 4]));
  expect(all.data).toEqual(new Array(8).fill(1));
});

test('oneHot, pick and gather read by index', async () => {
  const index = BigInt64Array.from([2n, 0n]);
  const hot = await run(ops.oneHot(ops.input('x', ['B'], 'int64'), 3), feed(index, [2]));
  expect(hot).toEqual({ data: [0, 0, 1, 1, 0, 0], dims: [2, 3] });
  const values = ops.constant([1, 2, 3, 4, 5, 6], [2, 3]);
  const picked = ops.pick(values, ops.constant(index, [2, 1]));
  expect((await run(picked)).data).toEqual([3, 4]);
  expect((await run(ops.gather(values, ops.constant(index), 1))).data).toEqual([3, 1, 6, 4]);
});

test('a causal convolution of normalised steps is the two one after the other', async () => {
  const some = (shape: number[], stream: string): Tensor =>
    ops.constant(initialise({ kind: 'normal', scale: 1 }, shape, random(3, stream)), shape);
  const [gain, shift, bias] = [some([4], 'gain'), some([4], 'shift'), some([5], 'bias')];
  const w = some([12, 5], 'w');
  const series = ops.input('x', ['B', 7, 4]);
  const seen = { size: 3, dilation: 2 };
  const values = initialise({ kind: 'normal', scale: 2 }, [2, 7, 4], random(3, 'x'));
  const feeds = { x: { data: values, dims: [2, 7, 4] } };
  const wanted = await run(ops.causal(normalise(series, gain, shift), w, seen, bias), feeds);
  for (const training of [true, false]) {
    const joint = ops.causalNormalised(series, { gain, shift, training }, w, seen, bias);
    const got = await run(joint, feeds);
    expect(got.dims).toEqual([2, 7, 5]);
    for (const [i, value] of got.data.entries()) expect(value).toBeCloseTo(wanted.data[i]!, 4);
  }
});

test('where, clip, casts and comparisons', async () => {
  const numbers = feed(Float32Array.from([-2, 0, 3]), [3, 1]);
  const z = x(1);
  expect((await run(ops.where(ops.less(z, 1), -1, z), numbers)).data).toEqual([-1, -1, 3]);
  expect((await run(ops.clip(x(1), -1, 1), numbers)).data).toEqual([-1, 0, 1]);
  expect((await run(ops.cast(ops.greaterEqual(x(1), 0), 'float32'), numbers)).data).toEqual([
    0, 1, 1,
  ]);
  expect((await run(ops.cast(ops.equal(x(1), 3), 'int64'), numbers)).data).toEqual([0, 0, 1]);
});

test('the softmax family and softplus stay finite for large scores', async () => {
  const large = feed(Float32Array.from([1000, 999, -1000]), [1, 3]);
  expect((await run(ops.logSumExp(x(3)), large)).data[0]).toBeCloseTo(1000.3133, 3);
  expect((await run(ops.softmax(x(3)), large)).data[2]).toBe(0);
  expect((await run(ops.logSoftmax(x(3)), large)).data[2]).toBeCloseTo(-2000.3133, 3);
  expect((await run(ops.softplus(x(3)), large)).data).toEqual([1000, 999, 0]);
});

test('mean and expand follow a symbolic number of rows', async () => {
  const y = ops.add(ops.expand(ops.mean(x(2), [0], true), ['B', 2]), 1);
  for (const rows of [1, 4]) {
    const data = Float32Array.from({ length: rows * 2 }, (_, i) => i);
    const got = await run(y, feed(data, [rows, 2]));
    expect(got.dims).toEqual([rows, 2]);
    expect(got.data[0]).toBeCloseTo(rows, 5);
  }
});

test('onesLike and zerosLike have the shape of their operand', async () => {
  const data = feed(new Float32Array(6), [3, 2]);
  const z = x(2);
  const both = ops.concat([ops.onesLike(z), ops.zerosLike(z)], 1);
  expect(await run(both, data)).toEqual({
    data: [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0],
    dims: [3, 4],
  });
});

const dim = fc.integer({ min: 1, max: 3 });

test('broadcasting: shapes and values agree with plain loops', async () => {
  const shapes = fc.array(fc.tuple(dim, fc.boolean(), fc.boolean()), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(2), async (axes, drop) => {
      const full = axes.map(([n]) => n);
      const a = axes.map(([n, one]) => (one ? 1 : n));
      const b = axes.map(([n, , one]) => (one ? 1 : n)).slice(Math.min(drop, axes.length));
      const out = full.map((_, i) => Math.max(a[i]!, b[i - full.length + b.length] ?? 1));
      const size = (shape: number[]): number => shape.reduce((n, m) => n * m, 1);
      const ramp = (shape: number[]): number[] =>
        Array.from({ length: size(shape) }, (_, i) => i + 1);
      const y = ops.add(ops.mul(ops.constant(ramp(a), a), 100), ops.constant(ramp(b), b));
      expect(y.shape).toEqual(out);
      const at = (shape: number[], place: number): number => {
        let index = 0;
        let stride = 1;
        let rest = place;
        for (let i = out.length - 1; i >= 0; i--) {
          const own = shape[i - out.length + shape.length] ?? 1;
          index += (own === 1 ? 0 : rest % out[i]!) * stride;
          stride *= own;
          rest = Math.floor(rest / out[i]!);
        }
        return index + 1;
      };
      const expected = Array.from({ length: size(out) }, (_, i) => 100 * at(a, i) + at(b, i));
      expect((await run(y)).data).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test('matmul, sum and transpose: declared shapes are the ones that run', async () => {
  await fc.assert(
    fc.asyncProperty(dim, dim, dim, dim, fc.boolean(), async (e, m, k, n, keep) => {
      const one = (shape: number[]): Tensor =>
        ops.constant(new Float32Array(shape.reduce((p, q) => p * q, 1)).fill(1), shape);
      const y = ops.sum(
        ops.transpose(ops.matmul(one([e, m, k]), one([e, n, k]), { transposeB: true }), [2, 0, 1]),
        [1],
        keep,
      );
      const got = await run(y);
      expect(got.dims).toEqual(y.shape);
      expect(got.data.every((value) => value === e * k)).toBe(true);
    }),
    { numRuns: 20 },
  );
});
