/** The cases of single experts: MLPs, the series network, the picture network, hashed text. */
import type { ValuesColumn } from '../../src/core/column.js';
import type { Case } from './case.js';
import { normals, skewedIds } from './data.js';
import { openStep, port } from './step.js';

function values(dims: readonly number[]): ValuesColumn {
  const [, ...shape] = dims;
  const width = shape.reduce((a, b) => a * b, 1);
  const plain = { form: 'values' as const, width, data: normals(dims).data as Float32Array };
  return shape.length === 1 ? plain : { ...plain, own: true, shape };
}

/** Two hidden layers: the table expert over one port, which embeds it by the first. */
function mlp(
  rows: number,
  widths: readonly [number, number, number, number],
  target: number,
): Case {
  const [n, first, second, classes] = widths;
  return {
    name: `MLP step, B ${rows}, ${widths.join('-')}`,
    target,
    tolerance: 0.01,
    open() {
      const column = values([rows, n]);
      const layers = [`embed/${port}`, 'hidden/0', 'out'];
      return openStep({
        kind: 'tabular',
        options: { embedding: first, width: second, depth: 1, dropout: 0 },
        ...{ column, rows, classes },
        peer: { network: 'mlp', options: { layers }, x: { data: column.data, dims: [rows, n] } },
      });
    },
  };
}

function tcn(dropout: number): Case {
  const [rows, steps, channels] = [128, 128, 6];
  const x = [rows, steps, channels];
  const said = dropout > 0 ? `, dropout ${dropout}` : '';
  return {
    name: `TCN step, B 128, 6 channels, 128 steps${said}`,
    ...(dropout > 0 ? {} : { target: 1.3 }),
    tolerance: dropout > 0 ? Number.POSITIVE_INFINITY : 0.01,
    open() {
      const column = values(x);
      const options = { port, blocks: 6, size: 3, dropout };
      return openStep({
        ...{ kind: 'tcn', options: { dropout }, column, rows, classes: 10 },
        peer: { network: 'tcn', options, x: { data: column.data, dims: x } },
      });
    },
  };
}

const cnn: Case = {
  name: 'CNN step, B 128, 28 x 28, stride 2',
  target: 1,
  tolerance: 0.01,
  open() {
    const x = [128, 28, 28, 1];
    const column = values(x);
    return openStep({
      ...{ kind: 'image', options: { dropout: 0 }, column, rows: 128, classes: 10 },
      peer: { network: 'cnn', options: { port, stages: 3 }, x: { data: column.data, dims: x } },
    });
  },
};

const text: Case = {
  name: 'hashed text step, B 512, 100 ids, table 2^18 x 64',
  target: 1,
  // Adagrad with one accumulator for each row here, for each number there.
  tolerance: Number.POSITIVE_INFINITY,
  open() {
    const [rows, length, buckets] = [512, 100, 2 ** 18];
    const ids = skewedIds(rows * length, buckets);
    const offsets = Int32Array.from({ length: rows + 1 }, (_, i) => i * length);
    const weights = new Float32Array(ids.length).fill(1);
    const x = { data: BigInt64Array.from(ids, BigInt), dims: [ids.length] };
    return openStep({
      kind: 'text',
      options: { dropout: 0 },
      column: { form: 'bag', width: buckets, ids, weights, offsets },
      ...{ rows, classes: 10 },
      peer: { network: 'text', options: { table: `embed/${port}`, length }, x },
    });
  },
};

export const expertCases: readonly Case[] = [
  mlp(256, [64, 256, 256, 10], 1.5),
  mlp(64, [32, 64, 64, 2], 3),
  mlp(1024, [128, 512, 512, 10], 1),
  tcn(0),
  tcn(0.1),
  cnn,
  text,
];
