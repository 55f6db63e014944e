/** A spec with imported models on the command line: from init to answers, and models that do not fit. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run as train } from '../src/cli/verb/train.js';
import { MonbanError } from '../src/core/fault.js';
import { openDataset } from '../src/data/dataset.js';
import { experts } from '../src/expert/experts.js';
import { type GraphBuilder, graphBuilder } from '../src/onnx/graph.js';
import type { Shape } from '../src/onnx/types.js';
import { numbers } from './stones.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-import-cli-'));
const at = (name: string): string => join(folder, name);
const bin = resolve('bin/monban.mjs');

/** Runs a command where the files are; gives what it printed as its one JSON object. */
function monban(...args: string[]) {
  const ran = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' });
  expect(ran.status, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout);
}

beforeAll(async () => {
  const query =
    "SELECT * FROM read_parquet('datasets/diamonds/diamonds.parquet', file_row_number = true) WHERE file_row_number % 90 = 1";
  const data = await openDataset({ query });
  const columns = [...numbers, 'color', 'cut'];
  const chunk = await data.read(columns);
  await data.close();
  const line = (row: number) => columns.map((name) => chunk.columns[name]![row]).join(',');
  const lines = Array.from({ length: chunk.rows }, (_, row) => line(row));
  writeFileSync(at('stones.csv'), `${[columns.join(','), ...lines].join('\n')}\n`);
  copyFileSync('test/models/cut-forest.onnx', at('forest.onnx'));
  const rows = Array.from({ length: 400 }, (_, i) => `${i % 7},${i % 5},${i % 3 ? 'l' : 'r'}`);
  writeFileSync(at('odd.csv'), `a,b,label\n${rows.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('init, an imported model added to the spec, train, evaluate, predict, explain', () => {
  monban('init', 'stones.csv', '--target', 'cut', '--out', 'stones.yaml', '--json');
  const spec = readFileSync(at('stones.yaml'), 'utf8');
  expect(spec).toContain('carat: number');
  const few = `experts:
  table: { kind: tabular, width: 16, depth: 1, training: { epochs: 2 } }
  forest:
    kind: onnx
    path: forest.onnx
    inputs: { float_input: [${numbers.join(', ')}] }
    gives: probabilities
    classes: [Premium, Fair, Ideal, Good, Very Good]
training: { holdout: 0.5, crossFitBelow: 0 }
`;
  writeFileSync(at('stones.yaml'), spec.replace(/^experts:[\s\S]*/m, few));
  const { card } = monban('train', 'stones.yaml', '--out', 'model', '--json');
  expect(card.experts.map(({ name }: { name: string }) => name)).toContain('forest');
  // The bundle needs the file no more.
  rmSync(at('forest.onnx'));
  const scored = monban('evaluate', 'model', 'stones.csv', '--json');
  expect(scored.experts.forest.metrics.accuracy).toBeGreaterThan(0.6);
  const { decisions } = monban('predict', 'model', 'stones.csv', '--json');
  expect(decisions).toHaveLength(scored.rows);
  expect(JSON.stringify(decisions)).toContain('forest');
  const explained = monban('explain', 'model', '--data', 'stones.csv', '--row', '1', '--json');
  const said = explained.experts.find(({ expert }: { expert: string }) => expert === 'forest');
  expect(said.answer.top.map(({ value }: { value: string }) => value)).toContain('Ideal');
});

/** A model of one input `x` and one output `y`, float32 both. */
function model(takes: Shape, gives: Shape, body: (graph: GraphBuilder) => string): Uint8Array {
  const graph = graphBuilder('odd');
  graph.input('x', takes, 'float32');
  graph.output('y', body(graph), gives, 'float32');
  return graph.bytes();
}
const list = (graph: GraphBuilder, ...values: number[]) =>
  graph.initialiser(BigInt64Array.from(values, BigInt), [values.length], 'int64');
const same = () => 'x';

/** By what is odd about it: a model for two numbers and two classes, and what is said of it. */
const odd: [string, Uint8Array, RegExp][] = [
  ['a picture', model(['B', 3, 4, 4], ['B', 2], same), /x: float32 \[B, 3, 4, 4\], got 2 numbers/],
  ['one number', model(['B'], ['B'], same), /x: float32 \[B\], got 2 numbers a record/],
  ['no rows', model([], [], same), /x: float32 \[\], got 2 numbers[\s\S]*y: float32 \[\]; export/],
  ['three', model(['B', 3], ['B', 3], same), /old\.inputs\.x: .*\[B, 3\], got 2 numbers/],
  [
    'eight rows',
    model([8, 2], [8, 2], same),
    /any number of rows, or one, got x: float32 \[8, 2\]/,
  ],
  [
    'eight rows inside',
    model(['B', 2], ['N', 2], (g) => g.node('Reshape', ['x', list(g, 8, 2)])[0]!),
    /any number of rows, or one, got y: float32 \[8, 2\]/,
  ],
  [
    'tables',
    model(['B', 2], ['B', 2, 1], (g) => g.node('Unsqueeze', ['x', list(g, 2)])[0]!),
    /old\.output: expected one output that can be logits, got y: float32 \[B, 2, 1\]/,
  ],
  [
    'a mean over rows',
    model(['B', 2], ['N', 2], (g) => g.node('ReduceMean', ['x', list(g, 0)])[0]!),
    /expert old: expected 2 numbers a record from the output y, got 2 for 64 records/,
  ],
  [
    'a width told late',
    model(['B', 'n'], ['B', 'm'], (g) => {
      const weight = g.initialiser(new Float32Array(6), [3, 2], 'float32');
      return g.node('MatMul', ['x', weight])[0]!;
    }),
    /expert old: expected an imported model that runs, got .*MatMul/,
  ],
];

async function faultOf(path: string): Promise<string> {
  writeFileSync(
    at('odd.yaml'),
    `data: { source: odd.csv, target: label }
fields: { a: number, b: number }
experts:
  base: { kind: linear, training: { epochs: 1 } }
  old: { kind: onnx, path: ${path}, inputs: { x: [a, b] }, gives: logits, classes: [l, r] }
training: { threads: 0 }
`,
  );
  const error = await train([at('odd.yaml')], { out: at('odd') }).catch((caught) => caught);
  expect(error).toBeInstanceOf(MonbanError);
  expect(existsSync(at('odd'))).toBe(false);
  return error.message;
}

test.each(odd)('a model of %s is told apart', async (_, bytes, message) => {
  writeFileSync(at('odd.onnx'), bytes);
  expect(await faultOf('odd.onnx')).toMatch(message);
});

test('what is too large, a pipe, or something else entirely is not read', async () => {
  writeFileSync(at('huge.onnx'), '');
  truncateSync(at('huge.onnx'), 3e9);
  expect(await faultOf('huge.onnx')).toMatch(
    /old\.path: .*got "huge\.onnx" of 3\.0 GB, where 2 are the most/,
  );
  spawnSync('mkfifo', [at('pipe.onnx')]);
  expect(await faultOf('pipe.onnx')).toMatch(/a pipe or a device/);
  expect(await faultOf('odd.csv')).toMatch(/old\.path odd\.csv: expected an ONNX model/);
});

test('types that no field can give are named', () => {
  const { check } = experts.get('onnx');
  const slot = (type: string) => ({ name: 'x', type, shape: ['B', 1] });
  const config = { inputs: { x: 'a' }, gives: 'logits', missingText: '' };
  const fields = { a: { raw: { form: 'raw', width: 1, cheap: false, holds: 'numbers' } } } as const;
  for (const type of ['float16', 'sequence', 'complex64']) {
    const loaded = { inputs: [slot(type)], outputs: [{ ...slot('float32'), name: 'y' }] };
    const [fault] = check!(config, { fields, loaded }, 'experts.old');
    expect(fault).toMatchObject({ where: 'experts.old.inputs.x', expected: 'numbers or texts' });
    expect(fault!.todo).toContain('float32');
  }
});
