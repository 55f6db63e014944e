/** Phase 3, from the stage: what the gates are given, and who hears of their progress. */
import type { GateData } from './gate-data.js';
import { type GateResult, trainGates } from './gate-phase.js';
import { rewardOf, rewardTable } from './reward.js';
import { interleave } from './said.js';
import { shareColumns } from './shared-memory.js';
import type { Said, Stage } from './stage.js';
import { heldColumns } from './store.js';
import { threadsOf } from './threads.js';

/** What one mean expert costs in score where the spec does not say. */
const usualLambda = 0.02;

/** Nats of regret from which an expert is not kept at work for the sake of balance. */
const idleFrom = 1;

/** Phase 3. */
export async function trainGate(
  stage: Stage,
  said: Said,
  costs: readonly number[],
): Promise<GateResult> {
  const { plan, prepared, options, views, width } = stage;
  const reward = rewardOf(stage, costs);
  const data: GateData = {
    objective: { kind: stage.objective.kind, state: stage.state },
    fields: prepared.ports,
    ports: prepared.gatePorts,
    columns: shareColumns(heldColumns(prepared.store, prepared.gatePorts)),
    views: { row: stage.heldPlaces, visible: views.visible },
    outputs: interleave(said.outputs, width),
    open: said.open,
    truth: said.truth,
    check: said.check,
    unit: Uint32Array.from(views.row, (row) => stage.rows.unit[row]!),
    ...(reward === undefined ? {} : { rewards: rewardTable(stage, said, reward) }),
  };
  const { gate } = plan;
  const names = plan.experts.map(({ name }) => name);
  const lambda = reward === undefined ? (gate.cost ?? usualLambda) : 0;
  return trainGates({
    gate,
    base: {
      data,
      shared: gate.shared === undefined ? -1 : names.indexOf(gate.shared),
      penalty: said.facts.experts.map(
        ({ cost }, e) => lambda * cost * (said.facts.unit ?? 1) + said.regret[e]!,
      ),
      facts: said.facts,
      targets: said.targets,
      idle: said.regret.map((nats) => nats >= idleFrom),
      plan: gate,
      seed: plan.spec.training.seed,
    },
    ...(reward === undefined ? {} : { reward }),
    threads: threadsOf(plan),
    checkpoint: stage.checkpoint,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onProgress(done, total, who, { loss, shares, message }) {
      const loads = Object.fromEntries(names.map((name, e) => [name, shares[e]!]));
      options.onEvent?.({
        phase: 'gate',
        step: done,
        total,
        who,
        loss,
        loads,
        ...(message === undefined ? {} : { message: `${who}: ${message}` }),
      });
    },
  });
}
