/** Makes the model card of a training. */

import type { Load } from '../gate/balance.js';
import type { GateFacts } from '../gate/gate.js';
import type { Card, ExpertCard, JointCard } from '../mixture/card.js';
import { cardText } from '../mixture/card.js';
import type { Plan } from '../mixture/plan.js';
import { fieldOf } from '../mixture/wiring.js';
import type { Calibration, Objective, Truth } from '../objective/objective.js';
import type { TrainedExpert } from './expert-types.js';
import { loadOfOutcome, outcome } from './gate-outcome.js';
import type { GateResult } from './gate-phase.js';
import type { Parts } from './parts.js';
import { passesPerEpoch } from './passes.js';
import type { LabelledRows } from './rows.js';
import { version } from './version.js';

interface CardParts {
  readonly plan: Plan;
  readonly rows: Pick<LabelledRows, 'rows' | 'unlabelled'>;
  readonly parts: Parts;
  readonly objective: Objective;
  readonly state: unknown;
  readonly trained: readonly TrainedExpert[];
  readonly said: {
    readonly outputs: readonly Float32Array[];
    readonly open: Float32Array;
    readonly facts: GateFacts;
    readonly truth: Truth;
    readonly calibrations: readonly Calibration[];
  };
  readonly result: GateResult;
  readonly calibration: Calibration;
  readonly costs: readonly number[];
  readonly sizes: readonly number[];
  /** Ports of each expert. */
  readonly ports: readonly (readonly string[])[];
  readonly joint: readonly JointCard[];
}

function sourceText(source: Plan['spec']['data']['source']): string {
  if (typeof source === 'string') return source;
  return 'query' in source
    ? `query: ${(source as { query: string }).query}`
    : (source as string[]).join(', ');
}

/** Passes as epochs: of many rows a pass is a part of one. */
function epochsOf(passes: number, rows: number): number {
  return Math.round((100 * passes) / passesPerEpoch(rows)) / 100;
}

/** Experts that are what they were before this training. */
function importedNames({ plan, trained }: CardParts): string[] {
  return plan.experts.flatMap(({ name }, e) => (trained[e]!.epochs === 0 ? [name] : []));
}

function limits(input: CardParts): string[] {
  const { plan, rows, parts } = input;
  const imported = importedNames(input);
  const list = [
    'It knows only what its training rows show; where the data drifts, its figures no longer hold.',
    'Explanations say what moved this model, not what causes the target.',
  ];
  if (imported.length > 0)
    list.push(
      `Trained elsewhere: ${imported.join(', ')}. Rows that trained it there flatter its figures and its share here.`,
    );
  if (rows.rows < 2000)
    list.push(`Only ${rows.rows} rows: the figures are uncertain by several points.`);
  if (parts.folds > 1)
    list.push('Scores come from cross-fitting; the served experts were refitted on all rows.');
  if (plan.spec.training.hide === undefined)
    list.push(
      'It was not trained with fields hidden: where fields are missing that training rows had, expect less.',
    );
  return list;
}

function partSizes({ rows, parts }: CardParts): Card['data']['parts'] {
  let route = 0;
  let check = 0;
  for (let row = 0; row < rows.rows; row++) {
    if (parts.fold[row]! < 0) continue;
    if (parts.check[row] === 1) check++;
    else route++;
  }
  return {
    fit: parts.folds > 1 ? rows.rows : rows.rows - route - check,
    route,
    check,
    folds: parts.folds,
  };
}

function loadAlarms({ shares, dead, overloaded }: Load, names: readonly string[]): string[] {
  return [
    ...dead.map(
      (e) => `at the end: ${names[e]} is dead, ${(shares[e]! * 100).toFixed(2)} % of the load`,
    ),
    ...overloaded.map((e) => `at the end: ${names[e]} carries more than twice its target`),
  ];
}

/** Beside a shared expert there are no targets, but who is never asked may as well be left out. */
function idleAlarms({ shares }: Load, names: readonly string[]): string[] {
  return names.flatMap((name, e) =>
    shares[e] === 0 ? [`${name} is never asked: the others are as good without it`] : [],
  );
}

/** The card of a finished training, and its text. */
export async function cardOf(input: CardParts): Promise<{ card: Card; text: string }> {
  const { plan, rows, objective, state, said, result, trained } = input;
  const { job, trained: gate } = result.chosen;
  const checks = result.checks;
  const truth = Float64Array.from(checks, (view) => said.truth[view]!);
  const routed = await outcome(job, gate, checks, input.calibration);
  const load = loadOfOutcome(routed, result.targets);
  const width = objective.answerWidth(state);
  const experts = plan.experts.map(({ name, kind }, e): ExpertCard => {
    const open = checks.filter((view) => said.open[view * plan.experts.length + e] === 1);
    const outputs = new Float32Array(open.length * width);
    open.forEach((view, i) => {
      outputs.set(said.outputs[e]!.subarray(view * width, (view + 1) * width), i * width);
    });
    return {
      name,
      kind,
      reads: [...new Set(input.ports[e]!.map(fieldOf))],
      epochs: epochsOf(trained[e]!.epochs, rows.rows),
      scores: objective.score(
        outputs,
        Float64Array.from(open, (view) => said.truth[view]!),
        state,
      ),
      share: load.shares[e]!,
      target: result.targets[e]!,
      cost: input.costs[e]!,
      calibration: said.calibrations[e]!,
      bytes: input.sizes[e]!,
    };
  });
  const names = plan.experts.map(({ name }) => name);
  const alarms = [
    ...gate.messages,
    ...(job.shared < 0 ? loadAlarms(load, names) : idleAlarms(load, names)),
    ...(result.churn > 0.05
      ? [`churn ${(result.churn * 100).toFixed(1)} % between two seeds is above 5 %`]
      : []),
  ];
  const card: Card = {
    name: plan.spec.name ?? plan.spec.data.target,
    monban: version,
    data: {
      source: sourceText(plan.spec.data.source),
      target: plan.spec.data.target,
      rows: rows.rows,
      unlabelled: rows.unlabelled,
      parts: partSizes(input),
    },
    seed: plan.spec.training.seed,
    scores: objective.score(routed.answers, truth, state),
    gate: {
      kind: job.kind,
      pool: job.pool,
      topK: job.topK,
      shared: job.shared < 0 ? null : names[job.shared]!,
      expertsPerRecord: routed.mask.reduce((a, b) => a + b, 0) / Math.max(1, checks.length),
      balance: plan.gate.balance.kind,
      maxViolation: load.maxViolation,
      evenness: load.evenness,
      churn: result.churn,
      alarms,
      tried: result.tried,
    },
    experts,
    ...(input.joint.length === 0 ? {} : { joint: input.joint }),
    costs: plan.spec.training.costs,
    limits: limits(input),
  };
  return { card, text: cardText(card, objective.shown) };
}
