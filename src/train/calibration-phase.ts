/** Phase 2: one calibration per expert on route views, then what everybody knows of the experts. */
import { mean } from '../core/statistic.js';
import { targetShares } from '../gate/balance.js';
import { evenAmongClones, perClone } from '../mixture/clone.js';
import { fieldOf } from '../mixture/wiring.js';
import type { TrainedExpert } from './expert-types.js';
import {
  calibrate,
  capacities,
  expertFacts,
  lossesOf,
  openViews,
  patternFacts,
  regrets,
} from './said.js';
import type { Said, Stage } from './stage.js';

/** Phase 2: one calibration per expert on route views, then what everybody knows. */
export async function calibrateExperts(
  stage: Stage,
  trained: readonly TrainedExpert[],
  costs: readonly number[],
): Promise<Said> {
  const { plan, views, objective, state, prepared } = stage;
  const fields = plan.fields.length;
  const truth = Float64Array.from(views.row, (row) => stage.truth[row]!);
  const check = Uint8Array.from(views.row, (row) => stage.parts.check[row]!);
  const index = new Map(plan.fields.map(({ name }, i) => [name, i]));
  const reads = prepared.expertPorts.map((ports) => [
    ...new Set(ports.map((port) => index.get(fieldOf(port))!)),
  ]);
  const open = openViews(
    views,
    fields,
    reads,
    plan.experts.map(({ needs }) => needs),
  );
  const experts = plan.experts.length;
  const calibrations = trained.map(({ heldOut, own }, e) => {
    const hidden = truth.map((label, v) =>
      check[v] === 0 && open[v * experts + e] === 1 && own?.[v] !== 0 ? label : Number.NaN,
    );
    return objective.calibrate(heldOut, hidden, state);
  });
  const outputs: Float32Array[] = [];
  for (const [e, { heldOut }] of trained.entries())
    outputs.push(await calibrate(objective, heldOut, calibrations[e]!, state));
  const losses = lossesOf(objective, state, outputs, truth, open);
  const prior = objective.prior(state);
  const priorAnswers = Float32Array.from(
    { length: truth.length * prior.length },
    (_, i) => prior[i % prior.length]!,
  );
  const priorLoss = -mean(objective.likelihoods(priorAnswers, truth, state));
  const facts = expertFacts(
    plan.experts.map(({ name }) => name),
    costs,
    losses,
    priorLoss,
  );
  const given = plan.spec.gate.balance.targets;
  const unit = objective.unit?.(state) ?? 1;
  const regret = unit === 1 ? undefined : regrets(losses, experts);
  const natural = evenAmongClones(targetShares(capacities(facts, open, regret)), plan);
  return {
    calibrations,
    outputs,
    open,
    facts: {
      experts: facts,
      patterns: patternFacts(views, fields, losses, facts, priorLoss),
      ...(unit === 1 ? {} : { unit }),
    },
    targets:
      given === undefined
        ? natural
        : mergeTargets(
            natural,
            plan.experts.map((expert) => perClone(expert, given)),
          ),
    regret: regret ?? facts.map(() => 0),
    truth,
    check,
  };
}

/** Targets that a spec gives stay; the others share what is left as they would have. */
function mergeTargets(
  natural: readonly number[],
  given: readonly (number | undefined)[],
): number[] {
  const taken = given.reduce<number>((sum, share) => sum + (share ?? 0), 0);
  const free = natural.reduce((sum, share, i) => (given[i] === undefined ? sum + share : sum), 0);
  const left = Math.max(0.01, 1 - taken);
  const shares = natural.map((share, i) => Math.max(0.001, given[i] ?? (share / free) * left));
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / total);
}
