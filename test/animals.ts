/** A small table to train on: animals by what they say, weigh and eat. */
import { random } from '../src/core/random.js';
import { type Plan, plan } from '../src/mixture/plan.js';
import type { JsonRecord } from '../src/predict/batch.js';
import type { LabelledRows } from '../src/train/rows.js';

const words = {
  cat: ['meow', 'purr', 'whisker'],
  dog: ['bark', 'wag', 'fetch'],
  cow: ['moo', 'milk'],
};

/** Animals by what they say, weigh and eat; every source is missing now and then. */
export function animals(rows: number, seed = 7): LabelledRows {
  const stream = random(seed, 'animals');
  const labels = Object.keys(words) as (keyof typeof words)[];
  const target = Array.from({ length: rows }, () => labels[stream.below(3)]!);
  const given = <T>(value: T): T | null => (stream.uniform() < 0.2 ? null : value);
  const say = target.map((label) =>
    given(`${words[label][stream.below(words[label].length)]} 猫かもしれない`),
  );
  const weight = Float64Array.from(target, (label) => {
    const kilograms = { cat: 4, dog: 20, cow: 500 }[label] * (0.5 + stream.uniform());
    return given(kilograms) ?? Number.NaN;
  });
  const eats = target.map((label) =>
    given([label === 'cow' ? 'grass' : 'meat', `lot${stream.below(9)}`]),
  );
  const values = { say, weight, eats };
  return { rows, values, target, unit: Uint32Array.from(target.keys()), unlabelled: 0 };
}

/** The rows as JSON records, without the target. */
export function recordsOf({ rows, values }: LabelledRows): JsonRecord[] {
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      Object.entries(values).map(([name, column]) => [
        name,
        Number.isNaN(column[row]) ? null : column[row],
      ]),
    ),
  );
}

/** Four unequal experts and a gate that asks two of them. */
export function small(seed: number, gate: object = {}, threads = 0): Plan {
  const training = { epochs: 3 };
  return plan({
    data: { source: 'animals', target: 'animal' },
    fields: { say: 'text', weight: 'number', eats: 'ids' },
    experts: {
      linear: { kind: 'linear', training },
      fusion: { kind: 'fusion', width: 16, training },
      voice: { kind: 'text', width: 8, hidden: 8, training },
      food: { kind: 'ids', width: 8, hidden: 8, training },
    },
    gate: { epochs: 3, kind: 'linear', pool: 'mixture', topK: 2, ...gate },
    training: { seed, threads, crossFitBelow: 0, holdout: 0.4 },
  });
}

/** The same, with every expert trained against two folds and then on all rows, some fields hidden. */
export function crossFitted(seed: number, threads: number, memory: number): Plan {
  const { spec, ...rest } = small(seed, {}, threads);
  const hide = { rate: 0.2, groups: { voice: ['say'], food: ['eats'] } };
  const training = { ...spec.training, crossFitBelow: 10_000, folds: 2, hide, memory };
  return { ...rest, spec: { ...spec, training } };
}
