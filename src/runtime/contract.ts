/** The contract of an operator: its gradient is what finite differences say. */
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { finiteDifferences } from '../tensor/check.js';
import { emit } from '../tensor/emit.js';
import { gradients } from '../tensor/grad.js';
import { initialise } from '../tensor/init.js';
import { constant, input, mul, sum } from '../tensor/ops.js';
import type { Shape, Tensor } from '../tensor/tensor.js';
import { type Arrays, openSession } from './session.js';

export interface GradientCase {
  readonly shapes: readonly Shape[];
  readonly f: (...xs: Tensor[]) => Tensor;
  /** Where the inputs lie: uniform in [low, high]. */
  readonly low?: number;
  readonly high?: number;
}

/** B */
export const rows = 3;
const dims = (shape: Shape): number[] => shape.map((dim) => (typeof dim === 'number' ? dim : rows));
export const size = (shape: Shape): number => dims(shape).reduce((a, b) => a * b, 1);

/** [B, 1] int64: the labels 1, 3 and 0. */
export const label = (): Tensor => input('label', ['B', 1], 'int64');

const normals = (shape: Shape): Float32Array =>
  initialise({ kind: 'normal', scale: 1 }, dims(shape), random(8, 'projection'));

/** The sum of y times fixed numbers, so that every element of y counts differently. */
function lossOf(y: Tensor): Tensor {
  if (y.shape.length === 0) return sum(y);
  const fixed = y.shape.includes('B')
    ? input('projection', y.shape)
    : constant(normals(y.shape), dims(y.shape));
  return sum(mul(y, fixed));
}

function valuesOf({ shapes, low = -1, high = 1 }: GradientCase): Float32Array[] {
  const stream = random(7, 'gradient');
  return shapes.map((shape) =>
    Float32Array.from({ length: size(shape) }, () => low + (high - low) * stream.uniform()),
  );
}

function near(got: Arrays[string], want: Float32Array, shape: Shape, name: string): void {
  expect(got.dims).toEqual(dims(shape));
  const scale = Math.max(1, ...want.map(Math.abs));
  for (const [j, value] of want.entries())
    expect(Math.abs((got.data[j] as number) - value), `${name}[${j}]`).toBeLessThan(0.01 * scale);
}

async function compare(one: GradientCase): Promise<void> {
  const { shapes } = one;
  const tensors = shapes.map((shape, i) => input(`x${i}`, shape));
  const y = one.f(...tensors);
  const loss = lossOf(y);
  const slopes = gradients(loss, tensors).map((slope, i) => [`g${i}`, slope] as const);
  const outputs = { loss, ...Object.fromEntries(slopes) };
  const session = await openSession(emit({ name: 'case', outputs }));
  const feedOf = (arrays: readonly Float32Array[]): Arrays => ({
    ...Object.fromEntries(arrays.map((data, i) => [`x${i}`, { data, dims: dims(shapes[i]!) }])),
    label: { data: new BigInt64Array([1n, 3n, 0n]), dims: [rows, 1] },
    projection: { data: normals(y.shape), dims: dims(y.shape) },
  });
  const values = valuesOf(one);
  const got = await session.run(feedOf(values));
  const wanted = await finiteDifferences(
    async (arrays) => (await session.run(feedOf(arrays), ['loss'])).loss!.data[0] as number,
    values,
  );
  await session.close();
  for (const [i, want] of wanted.entries()) near(got[`g${i}`]!, want, shapes[i]!, `x${i}`);
}

/** One test for each case, by its name. */
export function checkGradients(cases: Readonly<Record<string, GradientCase>>): void {
  for (const [name, one] of Object.entries(cases)) test(`gradient: ${name}`, () => compare(one));
}
