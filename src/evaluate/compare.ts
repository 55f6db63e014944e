/** Two models on the same rows: paired differences of their scores, and churn of their routes. */
import { MonbanError, show } from '../core/fault.js';
import { random } from '../core/random.js';
import type { Values } from '../data/column.js';
import type { Scores } from '../objective/objective.js';
import type { Batch } from '../predict/batch.js';
import { type Predictor, utilityOf } from '../predict/predictor.js';
import { decideAll, truthOf } from './decided.js';

export interface Comparison {
  /** By metric: the first model minus the second, and the standard error of that. */
  readonly metrics: Readonly<
    Record<string, { readonly difference: number; readonly error: number }>
  >;
  /** Share of the rows that are first sent to another expert, by name. */
  readonly churn: number;
  /** Churn is above 5 %. */
  readonly alarm: boolean;
}

/** A model and the rows as it reads them; the target is the same for both. */
export interface Contender {
  readonly predictor: Predictor;
  readonly batch: Batch;
}

const most = 0.05;
const groups = 20;

interface Ready {
  /** Scores of the rows that are kept. */
  readonly score: (keep: (row: number) => boolean) => Scores;
  readonly first: readonly string[];
}

async function ready({ predictor, batch }: Contender, target: Values): Promise<Ready> {
  const { objective, state, manifest } = predictor.model;
  const { answers, first } = await decideAll(predictor, batch);
  const truth = truthOf(predictor, target);
  const width = answers.length / batch.rows;
  const utility = utilityOf(predictor.model);
  return {
    score: (keep) =>
      objective.score(
        answers.filter((_, i) => keep(Math.floor(i / width))),
        truth.filter((_, row) => keep(row)),
        state,
        utility,
      ),
    first: Array.from(first, (e) => manifest.experts[e]?.name ?? ''),
  };
}

/** Throws MonbanError when two models do not predict the same thing. */
export function checkPair(one: Predictor, two: Predictor): void {
  const [target, other] = [one.bundle.manifest, two.bundle.manifest];
  const expected = `a model of the same target, ${show(target.target)}`;
  if (target.target !== other.target)
    throw new MonbanError({ where: '--against', expected, found: show(other.target) });
  const kind = target.objective.kind;
  if (kind !== other.objective.kind)
    throw new MonbanError({
      where: '--against',
      expected: `a ${kind} model`,
      found: `a ${other.objective.kind} model`,
    });
}

/**
 * Compares two models on the same rows. The errors are those of a paired delete-a-group jackknife
 * (Efron and Stein 1981) over 20 groups of rows drawn at random with a fixed seed, so that they hold
 * for every metric, averages over rows or not. Throws MonbanError when the targets differ.
 */
export async function compare(one: Contender, two: Contender, target: Values): Promise<Comparison> {
  checkPair(one.predictor, two.predictor);
  const rows = one.batch.rows;
  const count = Math.min(groups, rows);
  const group = random(0, 'jackknife').shuffle(
    Int32Array.from({ length: rows }, (_, i) => i % count),
  );
  const [a, b] = [await ready(one, target), await ready(two, target)];
  const difference = (keep: (row: number) => boolean): Scores => {
    const other = b.score(keep);
    return Object.fromEntries(
      Object.entries(a.score(keep)).map(([name, value]) => [name, value - other[name]!]),
    );
  };
  const without = Array.from({ length: count }, (_, g) => difference((row) => group[row] !== g));
  const metrics = Object.entries(difference(() => true)).map(([name, value]) => {
    const parts = without.map((part) => part[name]!);
    const centre = parts.reduce((sum, part) => sum + part, 0) / count;
    const squares = parts.reduce((sum, part) => sum + (part - centre) ** 2, 0);
    return [name, { difference: value, error: Math.sqrt((squares * (count - 1)) / count) }];
  });
  const moved = a.first.filter((expert, row) => expert !== b.first[row]).length;
  const churn = rows === 0 ? 0 : moved / rows;
  return { metrics: Object.fromEntries(metrics), churn, alarm: churn > most };
}
