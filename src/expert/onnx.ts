/** The onnx expert: a model that was trained elsewhere, imported as it is. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { type Fault, MonbanError, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import type { ForeignSlot } from '../runtime/foreign.js';
import { openForeign } from '../runtime/session.js';
import { type Expert, type FrozenOutput, type Given, noSteps } from './expert.js';
import { itemsOf, layInputs, slotText } from './onnx-layout.js';

const named = z.strictObject({
  field: z.string().min(1).describe('a field of the spec'),
  codes: z
    .union([z.array(z.string()).min(1), z.record(z.string(), z.number())])
    .optional()
    .describe('numbers for texts: a list counts from 0, a map says each'),
  oneHot: z.array(z.string()).min(1).optional().describe('texts, each a column of 0 and 1'),
  layout: z.enum(['nchw', 'nhwc']).default('nchw').describe('of a picture'),
  scale: z.number().positive().default(1).describe('what white is in a picture'),
  mean: z.array(z.number()).min(1).optional().describe('taken from each channel'),
  deviation: z.array(z.number().positive()).min(1).optional().describe('each channel over it'),
});
const item = z.union([z.string().min(1), named]);

const config = z.strictObject({
  path: z.string().min(1).describe('the ONNX file, from the folder of the spec'),
  inputs: z
    .record(z.string(), z.union([item, z.array(item).min(1)]))
    .describe(
      'for each input of the model its fields in order: names, or `{ field, codes, oneHot }` for texts and `{ field, layout, scale, mean, deviation }` for pictures',
    ),
  gives: z
    .enum(['probabilities', 'logits', 'value'])
    .describe('what its output is: probabilities or logits of classes, or the value of an amount'),
  output: z.string().min(1).optional().describe('the name of that output, where it has several'),
  classes: z
    .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .min(1)
    .optional()
    .describe('labels in the order of the output; null for a number to pass over'),
  missing: z
    .number()
    .optional()
    .describe('number in place of a missing value; not a number (NaN) without it'),
  missingText: z.string().default('').describe('text in place of a missing one'),
});
export type OnnxConfig = z.infer<typeof config>;

/** A model file and what it declares. */
export interface OnnxFile {
  readonly bytes: Uint8Array;
  readonly inputs: readonly ForeignSlot[];
  readonly outputs: readonly ForeignSlot[];
}

/** ONNX files are protocol buffers, which end at 2 GB. */
const mostBytes = 2 ** 31 - 1;

/** Why a path cannot be an ONNX file; undefined where it may be one. */
function strangeness(full: string, path: string): string | undefined {
  const found = statSync(full);
  if (found.isDirectory()) return `the folder ${show(path)}`;
  if (!found.isFile()) return `${show(path)}, which is a pipe or a device`;
  if (found.size > mostBytes)
    return `${show(path)} of ${(found.size / 1e9).toFixed(1)} GB, where 2 are the most`;
  return undefined;
}

function readBytes(path: string, base: string, where: string): Uint8Array {
  const full = resolve(base, path);
  const refuse = (found: string) => {
    const todo = 'name the file; its path starts from the folder of the spec';
    return new MonbanError({ where, expected: 'an ONNX file', found, todo });
  };
  try {
    const strange = strangeness(full, path);
    if (strange !== undefined) throw refuse(strange);
    return new Uint8Array(readFileSync(full));
  } catch (error) {
    if (error instanceof MonbanError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw refuse(code === 'ENOENT' ? `no file ${show(path)}` : `${code} at ${show(path)}`);
  }
}

const numeric = ['float32', 'float64', 'int64', 'int32'];
const readableOutput = ({ type, shape }: ForeignSlot): boolean =>
  numeric.includes(type) && (shape.length === 1 || shape.length === 2);

const unzip =
  'export it with plain tensors: skl2onnx with options={"zipmap": False}, onnxmltools likewise';

/** The output to read: the named one, or the only one that can be meant. */
function chooseOutput({ output, gives }: OnnxConfig, { outputs }: OnnxFile, where: string) {
  const all = outputs.map(slotText).join(', ');
  const fault = (at: string, expected: string, found: string, todo: string): Fault => ({
    where: `${where}.${at}`,
    expected,
    found,
    todo,
  });
  const usable = outputs.filter(
    (slot) => readableOutput(slot) && (gives === 'value' || !slot.type.startsWith('int')),
  );
  const names = outputs.map(({ name }) => name);
  if (output !== undefined) {
    const slot = outputs.find(({ name }) => name === output);
    if (slot === undefined) {
      const close = nearest(output, names);
      const todo = close === undefined ? 'name one of these' : `did you mean "${close}"?`;
      return fault('output', `one of the model's outputs: ${all}`, show(output), todo);
    }
    if (usable.includes(slot)) return slot;
    const todo = slot.type === 'sequence' ? unzip : 'name another, or export the model again';
    return fault('output', `a tensor of ${gives}, one row a record`, slotText(slot), todo);
  }
  if (usable.length === 1) return usable[0]!;
  const sequence = outputs.some(({ type }) => type === 'sequence');
  const todo =
    usable.length > 0 ? 'say which with "output"' : sequence ? unzip : 'export the model again';
  return fault('output', `one output that can be ${gives}`, all, todo);
}

const isFault = (value: ForeignSlot | Fault): value is Fault => 'expected' in value;

const textOf = (label: string | number | boolean | null): string | null =>
  label === null ? null : String(label);

/** How wide the output is by its shape, else by the classes that it is said to have. */
function outputOf({ gives, classes }: OnnxConfig, slot: ForeignSlot): FrozenOutput {
  const last = slot.shape.length === 1 ? 1 : slot.shape[1]!;
  const width = typeof last === 'number' && last > 0 ? last : (classes?.length ?? 1);
  const labels = classes === undefined ? {} : { classes: classes.map(textOf) };
  return { name: slot.name, width, gives, ...labels };
}

const loadedOf = ({ loaded }: Given): OnnxFile => loaded as OnnxFile;

export const onnx: Expert<OnnxConfig> = {
  kind: 'onnx',
  summary: 'a model that was trained elsewhere, from an ONNX file; it is not trained further',
  config,
  schedule: noSteps,
  frozen: true,
  ports: ['raw', 'pixels'],
  reads: (fields, { inputs }) => {
    const names = Object.values(inputs).flatMap((given) =>
      itemsOf(given).map(({ field }) => field),
    );
    return [...new Set(names)].flatMap((field) =>
      ['raw', 'pixels']
        .filter((port) => fields[field]?.[port] !== undefined)
        .map((port) => `${field}:${port}`),
    );
  },
  async load({ path }, base, where) {
    const bytes = readBytes(path, base, `${where}.path`);
    const session = await openForeign(bytes, `${where}.path ${path}`);
    const { inputs, outputs } = session;
    await session.close();
    return { bytes, inputs, outputs };
  },
  check(options, given, where) {
    const file = loadedOf(given);
    const output = chooseOutput(options, file, where);
    const { faults } = layInputs(options, given.fields, file.inputs, where);
    if (isFault(output)) return [...faults, output];
    const { inputs } = file;
    const todo = 'export the model with a free number of rows (torch: dynamic_axes)';
    const fixed = [...inputs, output].find(
      ({ shape: [rows] }) => typeof rows === 'number' && rows > 1,
    );
    if (fixed === undefined) return faults;
    const expected = `models that take any number of rows, or one`;
    return [...faults, { where: `${where}.path`, expected, found: slotText(fixed), todo }];
  },
  build(_outputs, options, given) {
    if (given === undefined) throw new Error('onnx: nothing was loaded');
    const file = loadedOf(given);
    const slot = chooseOutput(options, file, 'onnx');
    if (isFault(slot)) throw new MonbanError(slot);
    const { inputs } = layInputs(options, given.fields, file.inputs, 'onnx');
    const oneByOne = file.inputs.some(({ shape: [rows] }) => rows === 1);
    const wiring = { inputs, output: outputOf(options, slot), oneByOne };
    return { by: 'nothing', model: file.bytes, wiring };
  },
};
