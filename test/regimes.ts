/** Rows of hidden regimes, on which clones of an expert can part. */
import { synthetic } from '../src/data/synthetic.js';
import { plan } from '../src/mixture/plan.js';
import { chunkBatch } from '../src/predict/batch.js';
import type { LabelledRows } from '../src/train/rows.js';

/** What a test wants of the rows and of the plan. */
export interface Wish {
  readonly regimes?: number;
  readonly classes?: number;
  readonly clones?: number;
  readonly training?: Readonly<Record<string, unknown>>;
  readonly gate?: Readonly<Record<string, unknown>>;
  readonly rows?: number;
}

/** Rows with regimes that no field names, and a plan whose expert may be cloned. */
export function setting({
  regimes = 2,
  classes = 3,
  clones = 2,
  training = {},
  gate = {},
  rows: count = 1500,
}: Wish) {
  const data = synthetic({
    ...{ seed: 3, regimes, classes, sources: [], missing: 0, imbalance: 1, noise: 0.1 },
  });
  const use = plan({
    data: { source: 'none', target: 'target' },
    fields: data.fields,
    objective: classes === 0 ? 'regression' : 'classification',
    experts: { line: { kind: 'linear', clones, training: { epochs: 20 } } },
    gate: { kind: 'mlp', pool: 'mixture', topK: 1, epochs: 10, rate: 0.01, ...gate },
    training: { seed: 1, crossFitBelow: 0, holdout: 0.4, threads: 0, ...training },
  });
  const { rows, columns } = data.chunk(0, count);
  const batch: LabelledRows = {
    ...chunkBatch({ rows, columns }, use.fields),
    target: columns.target!,
    unit: Uint32Array.from({ length: rows }, (_, row) => row),
    unlabelled: 0,
  };
  return { use, batch };
}
