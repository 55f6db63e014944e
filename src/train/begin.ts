/** Before the phases: rows and target are encoded, cut into parts, and laid out as held-out views. */
import type { Plan } from '../mixture/plan.js';
import { fieldOf } from '../mixture/wiring.js';
import { objectives } from '../objective/objectives.js';
import { type Checkpoint, openCheckpoint } from './checkpoint.js';
import { loadExperts } from './outside.js';
import { cutParts, type Parts } from './parts.js';
import { placesWhere } from './places.js';
import { type Prepared, prepare } from './prepare.js';
import { withSteps } from './schedule.js';
import { shareArray } from './shared-memory.js';
import type { Stage, TrainOptions } from './stage.js';
import type { TrainingRows } from './training-rows.js';
import { canAsk, hidingOf, makeViews, mostHeldOut } from './view.js';

/** What decides the bytes of a training, opened as the checkpoint that the options name. */
function checkpointOf(stage: Omit<Stage, 'checkpoint'>): Checkpoint | undefined {
  const { plan, rows, prepared, truth, options } = stage;
  if (options.checkpoint === undefined) return undefined;
  const { fields, store, presence } = prepared;
  const { unit, time, unlabelled } = rows;
  const data = { rows: store.identity, presence, truth, unit, time, unlabelled };
  const identity = { plan, fields, data };
  return openCheckpoint(options.checkpoint, identity, (message) =>
    options.onEvent?.({ phase: 'experts', step: 0, total: plan.experts.length, message }),
  );
}

/** The plan with experts that take enough steps where few rows carry their fields. */
function withEnoughSteps(plan: Plan, { expertPorts, presence }: Prepared): Plan {
  const names = plan.fields.map(({ name }) => name);
  const experts = plan.experts.map((expert, e) => {
    const own = [...new Set(expertPorts[e]!.map((port) => names.indexOf(fieldOf(port))))];
    let rows = 0;
    for (let at = 0; at < presence.length; at += names.length)
      if (canAsk(expert.needs, own, (f) => presence[at + f] === 1)) rows++;
    return withSteps(expert, rows, plan.spec.experts[expert.name]!.training, names.length);
  });
  return { ...plan, experts };
}

/** Encodes rows and target, cuts the rows into parts and lays out the held-out views. */
export async function begin(plan: Plan, rows: TrainingRows, options: TrainOptions): Promise<Stage> {
  const { training } = plan.spec;
  const objective = objectives.get(plan.objective.kind);
  const where = `target ${plan.spec.data.target}`;
  const state = objective.fit(rows.target, plan.objective.config, where);
  const truth = shareArray(objective.encode(rows.target, state, where));
  const loaded = await loadExperts(plan, options.base ?? '.');
  const hiding = hidingOf(plan);
  const holdout = Math.min(training.holdout, mostHeldOut(hiding) / rows.rows);
  const parts = cutParts(rows, { ...training, holdout }, objective.classes?.(truth));
  const shared: Parts = { ...parts, fold: shareArray(parts.fold), check: shareArray(parts.check) };
  const heldOut = placesWhere(rows.rows, (row) => parts.fold[row]! >= 0);
  const prepared = await prepare(plan, rows, heldOut, (step, total, who, message) =>
    options.onEvent?.({
      ...{ phase: 'encode', step, total, who },
      ...(message === undefined ? {} : { message }),
    }),
  );
  const made = makeViews(heldOut, prepared.presence, plan.fields.length, hiding, training.seed);
  const begun = {
    plan: withEnoughSteps(plan, prepared),
    ...{ rows, objective, state, truth, prepared, loaded, parts: shared, options },
    width: objective.answerWidth(state),
    views: { row: shareArray(made.row), visible: shareArray(made.visible) },
    heldPlaces: shareArray(made.row.map(prepared.store.placeOf)),
  };
  return { ...begun, checkpoint: checkpointOf(begun) };
}
