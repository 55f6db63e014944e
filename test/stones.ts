/** Diamonds, models that other tools made of them, and specs that use these as experts. */
import { resolve } from 'node:path';
import { openDataset } from '../src/data/dataset.js';
import { type Plan, plan } from '../src/mixture/plan.js';
import { type LabelledRows, readRows } from '../src/train/rows.js';

/** The folder of the models. */
export const models = resolve('test/models');
/** Fields in the order of the models' inputs. */
export const numbers = ['carat', 'depth', 'table', 'price', 'x', 'y', 'z'];
/** Cuts in the order of the models' outputs. */
export const order = ['Premium', 'Fair', 'Ideal', 'Good', 'Very Good'];
/** Diamonds that no model of test/models was made from. */
const query =
  "SELECT * FROM read_parquet('datasets/diamonds/diamonds.parquet', file_row_number = true) WHERE file_row_number % 54 = 1";

interface Spec {
  readonly target?: string;
  readonly source?: string;
  readonly objective?: string;
  readonly experts: Record<string, unknown>;
  readonly fields?: Record<string, unknown>;
  readonly training?: Record<string, unknown>;
}

const usual = Object.fromEntries(numbers.map((name) => [name, 'number']));

/** A plan with these experts: by the cut, from all fields but the cut itself. */
export function planOf({
  target = 'cut',
  objective = 'classification',
  experts,
  ...more
}: Spec): Plan {
  const { source = query } = more;
  const fields = more.fields ?? { ...usual, color: 'category', clarity: 'category' };
  return plan({
    data: { source: { query: source }, target },
    fields,
    objective,
    experts,
    gate: { epochs: 4, kind: 'linear' },
    training: { threads: 0, crossFitBelow: 0, holdout: 0.5, ...more.training },
  });
}

export const table = { kind: 'tabular', width: 16, depth: 1, training: { epochs: 3, batch: 64 } };

/** A model of the cut from all numbers, in the order in which it was given them. */
const ofCut = (name: string, input: string, gives: string) => ({
  kind: 'onnx',
  path: `cut-${name}.onnx`,
  inputs: { [input]: numbers },
  gives,
  classes: order,
});
export const torch = ofCut('torch', 'amounts', 'logits');
export const forest = ofCut('forest', 'float_input', 'probabilities');

export const priceFields = { carat: 'number', color: 'category', cut: 'category', table: 'number' };
export const linear = {
  kind: 'onnx',
  path: 'price-linear.onnx',
  inputs: {
    carat: 'carat',
    color: { field: 'color', codes: ['D', 'E', 'F', 'G', 'H', 'I', 'J'] },
    cut: ['cut'],
  },
  gives: 'value',
  missing: 3,
};

/** The training rows of a plan. */
export async function rowsFor(use: Plan): Promise<LabelledRows> {
  const data = await openDataset(use.spec.data.source);
  try {
    return await readRows(use, data, 0);
  } finally {
    await data.close();
  }
}
