/** Layers, losses and experts side by side: the gradients of operators together. */
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { finiteDifferences } from '../tensor/check.js';
import { emit } from '../tensor/emit.js';
import { gradients } from '../tensor/grad.js';
import { initialise } from '../tensor/init.js';
import { layerNorm, mlp } from '../tensor/layer.js';
import * as ops from '../tensor/ops.js';
import type { Shape } from '../tensor/tensor.js';
import { trainingTrace } from '../tensor/trace.js';
import { checkGradients, label, rows, size } from './contract.js';
import { type Arrays, openSession } from './session.js';

const x24: readonly Shape[] = [['B', 4]];
const queues = ops.dispatch(ops.constant(new BigInt64Array([2n, 0n, 2n, 1n, 0n, 2n]), [3, 2]), 3);

/** A trace whose weights become constants, for layers in a case. */
function trainingTraceWith(value: number): ReturnType<typeof trainingTrace> {
  const trace = trainingTrace();
  return {
    ...trace,
    weight: (_, shape) => ops.constant(new Float32Array(size(shape)).fill(value), shape),
  };
}

checkGradients({
  'rows sent to experts': {
    shapes: [[3, 2]],
    f: (x) => ops.square(ops.collect(ops.square(ops.send(x, queues)), queues)),
  },
  'sparse experts': {
    shapes: [
      [3, 2],
      [3, 2, 4],
    ],
    f: (x, w) => ops.tanh(ops.collect(ops.matmul(ops.send(x, queues), w), queues)),
  },
  'layer norm': {
    shapes: x24,
    f: (x) => ops.mul(layerNorm(trainingTraceWith(2), 'norm', ops.mul(x, 3)), 2),
  },
  'cross-entropy': {
    shapes: x24,
    f: (x) => ops.neg(ops.mean(ops.pick(ops.logSoftmax(x), label()))),
  },
  'mixture of experts': {
    shapes: [
      ['B', 8],
      ['B', 2],
    ],
    f: (outputs, scores) => {
      const logp = ops.logSoftmax(ops.reshape(outputs, ['B', 2, 4]));
      const weight = ops.reshape(ops.logSoftmax(scores), ['B', 2, 1]);
      return ops.neg(ops.mean(ops.pick(ops.logSumExp(ops.add(logp, weight), 1), label())));
    },
  },
});

test('gradient: a perceptron with layer norm, in its weights', async () => {
  const trace = trainingTrace();
  const x = ops.constant(initialise({ kind: 'normal', scale: 1 }, [rows, 4], random(1)), [rows, 4]);
  const y = mlp(trace, 'm', layerNorm(trace, 'n', x), [5, 3], { activation: 'silu' });
  const shapes = trace.weights.map((weight) => weight.shape);
  const tensors = trace.weights.map((weight) => weight.tensor);
  const loss = ops.mean(ops.square(y));
  const slopes = Object.fromEntries(gradients(loss, tensors).map((g, i) => [`g${i}`, g]));
  const session = await openSession(emit({ name: 'mlp', outputs: { loss, ...slopes } }));
  const values = shapes.map((shape, i) =>
    initialise({ kind: 'normal', scale: 0.7 }, shape, random(i)),
  );
  const feeds = (arrays: readonly Float32Array[]): Arrays =>
    Object.fromEntries(
      trace.weights.map(({ name }, i) => [
        `weight:${name}`,
        { data: arrays[i]!, dims: shapes[i]! },
      ]),
    );
  const got = await session.run(feeds(values));
  const loss0 = async (arrays: readonly Float32Array[]): Promise<number> =>
    (await session.run(feeds(arrays), ['loss'])).loss!.data[0] as number;
  const wanted = await finiteDifferences(loss0, values);
  for (const [i, want] of wanted.entries()) {
    for (const [j, value] of want.entries()) expect(got[`g${i}`]!.data[j]).toBeCloseTo(value, 2);
  }
  await session.close();
});
