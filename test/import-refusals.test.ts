/** Imported models that are refused: files, operators, inputs and outputs that do not fit, all said at once. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MonbanError } from '../src/core/fault.js';
import { graphBuilder } from '../src/onnx/graph.js';
import type { LabelledRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { forest, models, numbers, planOf, rowsFor, table, torch } from './stones.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-refusals-'));
let rows: LabelledRows;

beforeAll(async () => {
  rows = await rowsFor(planOf({ experts: { table } }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function faultsOf(experts: Record<string, unknown>) {
  try {
    await train(planOf({ experts: { table, ...experts } }), rows, { base: folder });
  } catch (error) {
    if (error instanceof MonbanError) return error.message.split('\n');
    throw error;
  }
  throw new Error('nothing was wrong');
}

/** Copies a model to where the faulty specs look for it. */
function given(name: string): string {
  copyFileSync(join(models, name), join(folder, name));
  return name;
}

test('files that are no models are refused, all at once', async () => {
  const whole = readFileSync(join(models, 'cut-torch.onnx'));
  writeFileSync(join(folder, 'half.onnx'), whole.subarray(0, whole.length / 2));
  writeFileSync(join(folder, 'text.onnx'), 'a text');
  writeFileSync(join(folder, 'empty.onnx'), '');
  const paths = ['none.onnx', '.', 'half.onnx', 'text.onnx', 'empty.onnx'];
  const experts = Object.fromEntries(paths.map((path, i) => [`m${i}`, { ...torch, path }]));
  const lines = await faultsOf(experts);
  expect(lines).toHaveLength(paths.length);
  expect(lines[0]).toContain('experts.m0.path: expected an ONNX file, got no file "none.onnx"');
  expect(lines[1]).toContain('the folder "."');
  for (const i of [2, 3, 4])
    expect(lines[i]).toMatch(new RegExp(`^experts.m${i}.path .*expected an? `));
});

test('an opset from the future, operators of others and weights elsewhere are refused', async () => {
  const graph = graphBuilder('future');
  graph.input('amounts', ['B', 7], 'float32');
  graph.output('logits', graph.node('NoSuchOperator', ['amounts'])[0]!, ['B', 5], 'float32');
  writeFileSync(join(folder, 'custom.onnx'), graph.bytes());
  const whole = Buffer.from(readFileSync(join(models, 'cut-torch.onnx')));
  // opset_import { version: 13 } is the last message of the file: 42 02 10 0d.
  const at = whole.lastIndexOf(Buffer.from([0x42, 0x02, 0x10, 0x0d]));
  expect(at).toBeGreaterThan(0);
  whole[at + 3] = 99;
  writeFileSync(join(folder, 'future.onnx'), whole);
  const [future, custom, apart] = await faultsOf({
    future: { ...torch, path: 'future.onnx' },
    custom: { ...torch, path: 'custom.onnx' },
    apart: { ...torch, path: given('cut-apart.onnx') },
  });
  expect(future).toContain('expected a model of a supported version');
  expect(custom).toContain('expected operators of the standard set');
  expect(apart).toContain('expected a model in one file');
});

test('everything between spec and model is said at once, with the inputs that there are', async () => {
  const path = given('cut-forest.onnx');
  const lines = await faultsOf({
    a: {
      ...forest,
      path,
      inputs: { float_inputs: numbers, float_input: ['carat', 'dept', 'color'] },
    },
    b: { ...forest, path, inputs: { float_input: ['carat'] }, output: 'score' },
    c: { ...forest, path, classes: ['Premium', 'Fairr', 'Ideal', 'Premium'] },
    d: { ...forest, path, classes: undefined },
    e: { ...forest, path, gives: 'value' },
  });
  const text = lines.join('\n');
  expect(text).toContain(
    "experts.a.inputs.float_inputs: expected one of the model's inputs: float_input: float32",
  );
  expect(text).toContain(
    'experts.a.inputs.float_input[1]: expected a field of the spec, got "dept"; did you mean "depth"?',
  );
  expect(text).toContain(
    'experts.a.inputs.float_input[2]: expected numbers, got color, which holds texts',
  );
  expect(text).toContain('experts.b.inputs.float_input: expected float_input: float32');
  expect(text).toContain('got 1 numbers a record');
  expect(text).toContain("experts.b.output: expected one of the model's outputs: label: string");
  expect(text).toContain('did you mean "scores"?');
  expect(text).toContain('experts.c.classes[1]: expected a label of the target');
  expect(text).toContain('experts.c.classes[3]: expected every label once, got "Premium" again');
  expect(text).toContain(
    "experts.c.classes: expected as many as the model's output has numbers, 5, got 4",
  );
  expect(text).toContain(
    'experts.d.classes: expected labels of the target in the order of the output',
  );
  expect(text).toContain('experts.e.gives: expected probabilities or logits for this objective');
});

test('zip maps, whole numbers without a filling and inputs that nobody feeds are refused', async () => {
  const lines = await faultsOf({
    zipped: { ...forest, path: given('cut-zipmap.onnx') },
    price: {
      kind: 'onnx',
      path: given('price-linear.onnx'),
      inputs: { color: { field: 'color', codes: ['D'] }, cut: 'carat' },
      gives: 'value',
    },
  });
  const text = lines.join('\n');
  expect(text).toContain('experts.zipped.output: expected one output that can be probabilities');
  expect(text).toContain('zipmap": False');
  expect(text).toContain('experts.price.inputs.carat: expected fields for the model');
  expect(text).toContain('add for example "missing: -1"');
  expect(text).toContain(
    'experts.price.inputs.cut: expected values that an input of string can take, got carat',
  );
  expect(text).toContain('experts.price.gives: expected probabilities or logits');
});
