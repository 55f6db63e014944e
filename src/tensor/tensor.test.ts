/** Shape rules, emission and cost, without running anything. */
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { readModel } from '../onnx/read.js';
import { count, emit } from './emit.js';
import { gradients } from './grad.js';
import { initialise } from './init.js';
import { linear } from './layer.js';
import * as ops from './ops.js';
import { quantiseRows } from './quantise.js';
import { linearRate } from './rate.js';
import { servingTrace, trainingTrace } from './trace.js';

const x = ops.input('x', ['B', 4]);

test('a broken shape rule names the operator and the shapes', () => {
  const y = ops.input('y', [3]);
  expect(() => ops.add(x, y)).toThrow(
    'add: shapes do not broadcast, got float32 [B, 4] and float32 [3]',
  );
  expect(() => ops.matmul(x, x)).toThrow('matmul: the shared length differs');
  expect(() => ops.reshape(x, ['B', 5])).toThrow('reshape: cannot become [B, 5]');
  expect(() => ops.concat([x, y], 1)).toThrow('concat');
  expect(() => ops.sum(x, [2])).toThrow('axis 2 is out of range');
  expect(() => ops.slice(x, 1, 2, 9)).toThrow('slice');
  expect(() => ops.exp(ops.cast(x, 'int64'))).toThrow('exp: expected float32');
  expect(() => gradients(x, [x])).toThrow('the loss must be a scalar');
});

test('a reshape of a reshape is one', () => {
  const once = ops.reshape(x, [2, 'B', 2]);
  expect(ops.reshape(once, ['B', 2, 2]).inputs).toEqual([x]);
  expect(ops.reshape(once, ['B', 4])).toBe(x);
});

test('reshape moves symbols but never changes them', () => {
  expect(() => ops.reshape(x, ['L', 4])).toThrow('reshape');
  expect(ops.reshape(x, [2, 'B', 2]).shape).toEqual([2, 'B', 2]);
});

test('shared nodes are written once, dead ones never, and bytes are always the same', () => {
  const build = (): Uint8Array => {
    const input = ops.input('x', ['B', 4]);
    const shared = ops.exp(input);
    ops.log(shared);
    return emit({ name: 'm', outputs: { a: ops.add(shared, shared), b: shared } });
  };
  const info = readModel(build());
  expect(info.operators).toEqual(['Exp', 'Add']);
  expect(info.outputs.map((o) => o.name)).toEqual(['a', 'b']);
  expect(info.inputs).toEqual([{ name: 'x', shape: ['B', 4], dtype: 'float32' }]);
  expect(info.opsets).toEqual({ '': 21 });
  expect(Buffer.from(build()).equals(Buffer.from(build()))).toBe(true);
});

test('a bound input becomes a constant, an input may be an output', () => {
  const w = ops.input('w', [4]);
  const values = new Map([[w, new Float32Array([1, 2, 3, 4])]]);
  const info = readModel(emit({ name: 'm', outputs: { y: ops.mul(x, w), x }, values }));
  expect(info.inputs.map((i) => i.name)).toEqual(['x']);
  expect(info.initialisers).toMatchObject([{ dims: [4], dtype: 'float32', bytes: 16 }]);
  expect(info.operators).toContain('Identity');
});

test('two inputs of one name and a dimension nobody gives are errors', () => {
  const twin = ops.input('x', ['B', 4]);
  expect(() => emit({ name: 'm', outputs: { y: ops.add(x, twin) } })).toThrow('two inputs');
  const lost = ops.expand(ops.constant(1), ['B', 2]);
  expect(() => emit({ name: 'm', outputs: { lost } })).toThrow('no input has the dimension B');
});

test('a node that breaks its own rule is not emitted', () => {
  const bad = { ...ops.exp(x), shape: ['B', 5] };
  expect(() => emit({ name: 'm', outputs: { bad } })).toThrow('differs from its own shape rule');
});

test('an unreachable gradient is zeros and stopGradient stops', () => {
  const other = ops.input('other', ['B', 2]);
  const loss = ops.sum(ops.mul(x, ops.stopGradient(x)));
  const [g, zero] = gradients(loss, [x, other]);
  expect(zero!.shape).toEqual(['B', 2]);
  expect(readModel(emit({ name: 'g', outputs: { g: g! } })).operators).not.toContain('Add');
});

test('count adds multiply-adds per row', () => {
  const w = ops.constant(new Float32Array(12), [4, 3]);
  expect(count({ outputs: { y: ops.matmul(x, w) } })).toBe(12);
  expect(count({ outputs: { y: ops.relu(ops.matmul(x, w)) } })).toBe(15);
  const long = ops.input('l', ['B', 'L', 4]);
  expect(count({ outputs: { y: ops.exp(long) } }, { L: 10 })).toBe(40);
});

test('a weight name may come back only for the same weight', () => {
  const trace = trainingTrace();
  const first = trace.weight('w', [4, 2], { kind: 'he' });
  expect(trace.weight('w', [4, 2], { kind: 'he' })).toBe(first);
  expect(() => trace.weight('w', [4, 3], { kind: 'he' })).toThrow('weight w: used as');
  expect(trace.weights.map((w) => w.decay)).toEqual([true]);
  linear(trace, 'l', x, 3);
  expect(trace.weights.map((w) => [w.name, w.decay])).toEqual([
    ['w', true],
    ['l/weight', true],
    ['l/bias', false],
  ]);
  expect(() =>
    servingTrace({ weights: {}, tables: {} }).weight('w', [1], { kind: 'zeros' }),
  ).toThrow('weight w: nothing was learned');
});

test('initial weights have the spread of their kind', () => {
  const spread = (data: Float32Array): number =>
    Math.sqrt(data.reduce((s, v) => s + v * v, 0) / data.length);
  const make = (kind: 'he' | 'glorot'): Float32Array => initialise({ kind }, [200, 100], random(1));
  expect(spread(make('he'))).toBeCloseTo(Math.sqrt(2 / 200), 2);
  expect(spread(make('glorot'))).toBeCloseTo(Math.sqrt(2 / 300), 2);
  expect(() => initialise({ kind: 'data', data: new Float32Array(3) }, [2], random(1))).toThrow(
    '3 numbers',
  );
});

test('rows are rounded within half a scale', () => {
  const data = Float32Array.from([1, -2, 0.5, 0, 0, 0]);
  const { values, scales } = quantiseRows(data, 2, 3);
  expect(Array.from(values.slice(3))).toEqual([0, 0, 0]);
  for (let i = 0; i < 3; i++)
    expect(Math.abs(values[i]! * scales[0]! - data[i]!)).toBeLessThan(1 / 127);
});

test('the rate falls to its floor', () => {
  expect([0, 50, 100, 200].map(linearRate(100, 0.2)).map((v) => +v.toFixed(6))).toEqual([
    1, 0.6, 0.2, 0.2,
  ]);
});
