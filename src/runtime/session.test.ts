/** Opening models: good ones, damaged ones, ones of another version. */
import { expect, test } from 'vitest';
import { MonbanError } from '../core/fault.js';
import { opset } from '../onnx/graph.js';
import { readModel } from '../onnx/read.js';
import { emit } from '../tensor/emit.js';
import { exp, input } from '../tensor/ops.js';
import { openSession } from './session.js';

const model = emit({ name: 'm', outputs: { y: exp(input('x', ['B', 2])) } });

async function failure(source: Uint8Array | string): Promise<MonbanError> {
  const error = await openSession(source).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(MonbanError);
  return error as MonbanError;
}

test('outputs are written into the arrays given', async () => {
  const session = await openSession(model);
  const y = new Float32Array(2);
  const feeds = { x: { data: new Float32Array([0, 1]), dims: [1, 2] } };
  await session.run(feeds, { y: { data: y, dims: [1, 2] } });
  expect(y[1]).toBeCloseTo(Math.E, 5);
  await expect(session.run({})).rejects.toThrow('no feed for the input x');
  const wrong = { x: { data: new Float32Array(3), dims: [1, 2] } };
  await expect(session.run(wrong)).rejects.toThrow('x: 3 numbers for the shape [1, 2]');
  await session.close();
});

test('a damaged model, a missing file and a future opset are user errors', async () => {
  expect((await failure(model.subarray(0, 40))).message).toContain('damaged');
  expect((await failure('/nowhere/model.onnx')).message).toContain(
    '/nowhere/model.onnx: expected a model file',
  );
  const future = Buffer.from(model);
  // the opset is the last field of the file: key 0x10, then the version
  future[future.lastIndexOf(Buffer.of(0x10, opset)) + 1] = 99;
  expect((await failure(future)).message).toContain('opset 21');
  expect(() => readModel(new Uint8Array([255, 1, 2]), 'a.onnx')).toThrow(
    'a.onnx: expected an ONNX model',
  );
});
