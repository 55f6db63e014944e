/** Scores of answers to the stream: overall, and by kind of record. */
import type { Values } from '../../src/data/column.js';
import { decideAll, truthOf } from '../../src/evaluate/decided.js';
import { type Batch, takeValues } from '../../src/predict/batch.js';
import type { Predictor } from '../../src/predict/predictor.js';
import { type Kind, kinds } from './plan.js';

export interface Rows {
  readonly batch: Batch;
  readonly target: Values;
}

/** N rows, V answers. */
export interface Marks {
  readonly accuracy: number;
  readonly macroF1: number;
}

export interface Scored {
  readonly all: Marks;
  readonly kinds: Readonly<Record<Kind, Marks>>;
  /** Of the probability of `sensor:anomaly`, among the windows of sensors. */
  readonly precision: number;
  /** Wrong answers that belong to another kind of record. */
  readonly crossed: number;
  readonly wrong: number;
  /** By kind of record: the share of records that each expert was asked first. */
  readonly asked: Readonly<Record<Kind, Readonly<Record<string, number>>>>;
}

export const kindOf = (label: unknown): Kind => String(label).split(':')[0] as Kind;

/** The rows of each kind. */
export function rowsByKind(target: Values): Record<Kind, Int32Array> {
  const own = (kind: Kind): Int32Array =>
    Int32Array.from(Array.from(target.keys()).filter((row) => kindOf(target[row]) === kind));
  return Object.fromEntries(kinds.map((kind) => [kind, own(kind)])) as Record<Kind, Int32Array>;
}

export function takeBatch({ values }: Batch, rows: Int32Array): Batch {
  const taken = Object.entries(values).map(([name, column]) => [name, takeValues(column, rows)]);
  return { rows: rows.length, values: Object.fromEntries(taken) };
}

function best(answers: Float32Array): number {
  return answers.reduce((top, value, i) => (value > answers[top]! ? i : top), 0);
}

/** Shares of the experts asked first. */
function shares(first: Int32Array, rows: Int32Array, names: readonly string[]) {
  const found = names.map((name, e): [string, number] => {
    const count = rows.reduce((sum, row) => sum + (first[row] === e ? 1 : 0), 0);
    return [name, count / rows.length];
  });
  return Object.fromEntries(found.filter(([, share]) => share > 0));
}

/** Decides all rows and scores them. */
export async function scoreStream(predictor: Predictor, { batch, target }: Rows): Promise<Scored> {
  const { objective, state, manifest, width } = predictor.model;
  const { labels } = state as { readonly labels: readonly string[] };
  const { answers, first } = await decideAll(predictor, batch);
  const truth = truthOf(predictor, target);
  const at = (row: number): Float32Array => answers.subarray(row * width, (row + 1) * width);
  const scores = (rows: Int32Array) => {
    const own = new Float32Array(rows.length * width);
    rows.forEach((row, i) => {
      own.set(at(row), i * width);
    });
    return objective.score(
      own,
      Float64Array.from(rows, (row) => truth[row]!),
      state,
    );
  };
  const marks = (rows: Int32Array): Marks => {
    const { accuracy, macroF1 } = scores(rows);
    return { accuracy: accuracy!, macroF1: macroF1! };
  };
  const own = rowsByKind(target);
  const each = <T>(make: (kind: Kind) => T) =>
    Object.fromEntries(kinds.map((kind) => [kind, make(kind)])) as Record<Kind, T>;
  const said = Array.from(truth, (_, row) => best(at(row)));
  const wrong = said.filter((answer, row) => answer !== truth[row]).length;
  const crossed = said.filter((a, row) => kindOf(labels[a]) !== kindOf(target[row])).length;
  const names = manifest.experts.map(({ name }) => name);
  return {
    all: marks(Int32Array.from(truth.keys())),
    kinds: each((kind) => marks(own[kind])),
    precision: anomalyPrecision(own.sensor, at, truth, labels.indexOf('sensor:anomaly')),
    crossed,
    wrong,
    asked: each((kind) => shares(first, own[kind], names)),
  };
}

/** Average precision of one label among some rows; ties are counted against it. */
function anomalyPrecision(
  rows: Int32Array,
  at: (row: number) => Float32Array,
  truth: Float64Array,
  label: number,
): number {
  const isHit = (row: number): boolean => truth[row] === label;
  const order = [...rows].sort(
    (a, b) => at(b)[label]! - at(a)[label]! || Number(isHit(a)) - Number(isHit(b)),
  );
  let hits = 0;
  let sum = 0;
  order.forEach((row, i) => {
    if (isHit(row)) sum += ++hits / (i + 1);
  });
  return sum / hits;
}
