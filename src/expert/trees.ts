/** The trees expert: gradient-boosted symmetric trees over numbers and categories. */
import { z } from 'zod';
import { isBag } from '../tensor/blocks.js';
import {
  add,
  cast,
  concat,
  constant,
  gather,
  greaterEqual,
  matmul,
  oneHot,
  reshape,
} from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Feature, Features, Learned, Trace } from '../tensor/trace.js';
import { addTree, boost, repeat, startOf, type Tree } from './boost/boost.js';
import { type Readied, readyFeatures } from './boost/features.js';
import { columnsIn, shiftMatrix } from './boost/inputs.js';
import { type Expert, type FitTask, type Fitting, noSteps } from './expert.js';

const config = z.strictObject({
  trees: z
    .int()
    .min(1)
    .max(5000)
    .default(400)
    .describe('most trees; they end where held-out rows gain no more'),
  depth: z
    .int()
    .min(1)
    .max(10)
    .default(6)
    .describe('splits of a tree, the same on all its branches'),
  step: z
    .number()
    .positive()
    .max(1)
    .default(0.15)
    .describe('share of a full step that a tree takes'),
  pairs: z
    .int()
    .min(0)
    .max(1000)
    .default(32)
    .describe('differences of two numbers to split by as well, of those that go together best'),
  l2: z.number().min(0).default(1).describe('draws leaves of little weight towards 0'),
  rowShare: z.number().positive().max(1).default(1).describe('share of the rows that a tree sees'),
  columnShare: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('share of the columns that a tree may split by'),
  patience: z.int().min(1).default(40).describe('trees without a gain before it stops'),
  rows: z
    .int()
    .min(1)
    .default(250_000)
    .describe('rows that it is fitted to at most; of more some are drawn at random'),
});
type Config = z.infer<typeof config>;

/** No number reaches it. */
const unreached = 3.4e38;

/** [T, 2^d, W] leaf tables and [T, d] splits; a split that a tree lacks is one that nobody reaches. */
function pack(trees: readonly Tree[], { features }: Readied, outputs: number, depth: number) {
  const size = 2 ** depth;
  const columns = new Float32Array(trees.length * depth);
  const thresholds = new Float32Array(trees.length * depth).fill(unreached);
  const leaves = new Float32Array(trees.length * size * outputs);
  trees.forEach((tree, t) => {
    tree.splits.forEach(({ feature, threshold }, level) => {
      columns[t * depth + level] = feature;
      thresholds[t * depth + level] = features[feature]!.thresholds[threshold]!;
    });
    const apart = 2 ** (depth - tree.splits.length) * outputs;
    for (let leaf = 0; leaf * outputs < tree.leaves.length; leaf++)
      leaves.set(
        tree.leaves.subarray(leaf * outputs, (leaf + 1) * outputs),
        t * size * outputs + leaf * apart,
      );
  });
  return { columns, thresholds, leaves };
}

function begin(task: FitTask, options: Config): Fitting {
  const { outputs, held } = task;
  const { depth, step, pairs, l2, rowShare, columnShare } = options;
  const start = startOf(task);
  const readied = readyFeatures(task, start, pairs);
  const grow = { depth, l2, rate: step, rowShare, featureShare: columnShare };
  const next = boost(task, start, readied.features, grow);
  const trees: Tree[] = [];
  const said = repeat(start.base, held.rows);
  return {
    said,
    advance() {
      const tree = next();
      trees.push(tree);
      addTree(said, readied.held, tree, outputs);
    },
    learned(): Learned {
      const packed = pack(trees, readied, outputs, depth);
      const levels = Object.entries(readied.tables).map(([port, table]) => [
        `levels/${port}`,
        table,
      ]);
      return {
        weights: {
          ...packed,
          base: start.base,
          contrasts: readied.contrasts,
          ...Object.fromEntries(levels),
        },
        tables: {},
      };
    },
  };
}

/** Every column that a tree may ask for: [B, columns]. */
function columnsOf(trace: Trace, features: Features): Tensor {
  const { joined } = trace;
  if (joined === undefined) throw new Error('trees: no training step fits them');
  const isDense = (one: Feature): one is Tensor => !isBag(one);
  const widths = Object.values(features)
    .filter(isDense)
    .map(({ shape }) => shape.slice(1).reduce<number>((n, dim) => n * Number(dim), 1));
  const parts: Tensor[] = [];
  if (widths.length > 0) {
    const columns = widths.reduce((sum, width) => sum + columnsIn(width), 0);
    const matrix = shiftMatrix(widths);
    const shifting = constant(matrix, [matrix.length / columns, columns]);
    const numbers = joined.dense(features);
    parts.push(matmul(numbers, shifting));
    const contrasts = trace.fitted('contrasts', matrix.length / columns);
    if (contrasts.shape[0] !== 0) parts.push(matmul(numbers, contrasts, { transposeB: true }));
  }
  if (widths.length < Object.keys(features).length)
    parts.push(joined.fittedTables('levels', features));
  return concat(parts, 1);
}

/**
 * Up to so many columns a product with ones and zeros is quicker than picking numbers one by one, which
 * takes the runtime 10 to 20 ns each.
 */
const fewColumns = 96;

/** The column that each split asks for: [B, T, d]. */
function askedOf(columns: Tensor, places: Tensor): Tensor {
  const [trees, depth] = places.shape as [number, number];
  const count = columns.shape[1] as number;
  if (count > fewColumns) return gather(columns, places, 1);
  const choice = oneHot(reshape(places, [trees * depth]), count);
  return reshape(matmul(columns, choice, { transposeB: true }), ['B', trees, depth]);
}

/** Compares all splits of all trees at once, and adds up the leaves that the bits lead to. */
function forward(trace: Trace, features: Features, outputs: number, depth: number): Tensor {
  const places = cast(trace.fitted('columns', depth), 'int32');
  const trees = places.shape[0] as number;
  const asked = askedOf(columnsOf(trace, features), places);
  const bits = cast(greaterEqual(asked, trace.fitted('thresholds', depth)), 'float32');
  const worth = constant(Float32Array.from({ length: depth }, (_, i) => 2 ** (depth - 1 - i)));
  const inTree = reshape(matmul(bits, reshape(worth, [depth, 1])), ['B', trees]);
  const first = constant(Float32Array.from({ length: trees }, (_, t) => t * 2 ** depth));
  const leaves = gather(trace.fitted('leaves', outputs), cast(add(inTree, first), 'int32'));
  const ones = constant(new Float32Array(trees).fill(1), [1, trees]);
  return add(reshape(matmul(ones, leaves), ['B', outputs]), trace.fitted('base', outputs));
}

export const trees: Expert<Config> = {
  kind: 'trees',
  summary: 'gradient-boosted decision trees over numbers, categories and times; strong on few rows',
  config,
  schedule: noSteps,
  fitted: true,
  ports: ['value', 'level', 'outline'],
  build: (outputs, options) => ({
    by: 'rows',
    rows: options.rows,
    stages: options.trees,
    patience: options.patience,
    lookups: (trees) => trees * (options.depth + outputs),
    begin: (task) => begin(task, options),
    forward: (trace, features) => forward(trace, features, outputs, options.depth),
  }),
};
