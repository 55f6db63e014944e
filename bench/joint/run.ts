/** Trains one contender on one data set, and what it did with the test rows. */
import type { Values } from '../../src/data/column.js';
import { decideAll, truthOf } from '../../src/evaluate/decided.js';
import type { JointCard } from '../../src/mixture/card.js';
import { type Plan, plan } from '../../src/mixture/plan.js';
import type { SpecInput } from '../../src/mixture/spec.js';
import { openPredictor } from '../../src/predict/predictor.js';
import type { LabelledRows } from '../../src/train/rows.js';
import { train } from '../../src/train/train.js';

export type Expert = Readonly<Record<string, unknown>>;

export interface Contender {
  readonly name: string;
  readonly experts: SpecInput['experts'];
  readonly balance: 'none' | 'auxiliary' | 'bias';
  readonly keep: 'auto' | 'on' | 'off';
}

/** The same small experts: one, several apart, and several that part together. */
export function contenders(expert: Expert, clones: number): Contender[] {
  const apart = Array.from({ length: clones }, (_, k) => [`apart-${k + 1}`, expert]);
  const cloned = { line: { ...expert, clones } };
  return [
    { name: 'one', experts: { line: expert }, balance: 'auxiliary', keep: 'off' },
    {
      name: `${clones} apart`,
      experts: Object.fromEntries(apart),
      balance: 'auxiliary',
      keep: 'off',
    },
    { name: `${clones} joint`, experts: cloned, balance: 'auxiliary', keep: 'auto' },
    { name: `${clones} joint, bias`, experts: cloned, balance: 'bias', keep: 'on' },
    { name: `${clones} joint, unbalanced`, experts: cloned, balance: 'none', keep: 'on' },
  ];
}

export interface Outcome {
  /** [N] log-likelihood of each test row. */
  readonly worth: Float64Array;
  readonly score: number;
  /** [N] */
  readonly first: Int32Array;
  /** Share of the rows first sent to each expert. */
  readonly shares: readonly number[];
  readonly joint?: JointCard;
}

/** A data set cut for a contender. */
export interface Task {
  readonly spec: Omit<SpecInput, 'experts' | 'gate'>;
  readonly rows: (use: Plan, part: 'fit' | 'test') => Promise<LabelledRows>;
}

/** Trains a contender and asks it about the test rows. */
export async function runOnce(task: Task, contender: Contender, seed: number): Promise<Outcome> {
  const use = plan({
    ...task.spec,
    experts: contender.experts,
    gate: { kind: 'mlp', pool: 'mixture', balance: { kind: contender.balance } },
    training: { ...task.spec.training, seed, joint: { keep: contender.keep } },
  });
  const bundle = await train(use, await task.rows(use, 'fit'));
  const predictor = await openPredictor(bundle);
  const test = await task.rows(use, 'test');
  const { answers, first } = await decideAll(predictor, test);
  const { objective, state } = predictor.model;
  const truth = truthOf(predictor, test.target as Values);
  await predictor.close();
  const { metric } = objective.headline;
  const joint = bundle.card.joint?.[0];
  return {
    worth: objective.likelihoods(answers, truth, state),
    score: objective.score(answers, truth, state)[metric]!,
    first,
    shares: bundle.manifest.experts.map(
      (_, e) => first.reduce((sum, own) => sum + (own === e ? 1 : 0), 0) / first.length,
    ),
    ...(joint === undefined ? {} : { joint }),
  };
}
