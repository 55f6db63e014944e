/** Phase 4: clones of an expert specialise together with a gate; kept only where check rows gain. */
import { groupedError, mean } from '../core/statistic.js';
import { type JointCard, jointLine } from '../mixture/card.js';
import { withClones } from '../mixture/clone.js';
import { calibrateExperts } from './calibration-phase.js';
import { expertJob } from './expert-phase.js';
import { haveParted } from './gate-choice.js';
import { trainGate } from './gate-step.js';
import { type Course, type Group, joinFolds, refitClones, trainFolds } from './joint-folds.js';
import type { JointFold } from './joint-types.js';
import { shareArray } from './shared-memory.js';
import type { Stage } from './stage.js';

/** A list with one element replaced by several. */
function spread<T>(list: readonly T[], e: number, instead: readonly T[]): T[] {
  return list.flatMap((value, i) => (i === e ? instead : [value]));
}

/** The course with the clones in the place of their expert, calibrated and with a gate of its own. */
async function withGroup(group: Group, folds: readonly JointFold[]): Promise<Course> {
  const { course, e, clones } = group;
  const { stage } = course;
  const parted = joinFolds(group, folds);
  const epochs = roundsOf(folds);
  const learned = await refitClones(group, parted, Math.max(1, epochs));
  const many = <T>(value: T): T[] => new Array<T>(clones).fill(value);
  const trained = spread(
    course.trained,
    e,
    learned.map((values, k) => ({
      learned: values,
      heldOut: parted.heldOut[k]!,
      own: Uint8Array.from(parted.first, (first) => (first === k ? 1 : 0)),
      epochs: course.trained[e]!.epochs + epochs,
      curve: folds[0]!.curve,
    })),
  );
  const { expertPorts, readings } = stage.prepared;
  const prepared = {
    ...stage.prepared,
    expertPorts: spread(expertPorts, e, many(expertPorts[e]!)),
    readings: spread(readings, e, many(readings[e]!)),
  };
  const next: Stage = {
    ...stage,
    plan: withClones(stage.plan, stage.plan.experts[e]!.name),
    prepared,
    loaded: spread(stage.loaded, e, many(stage.loaded[e])),
  };
  const costs = spread(course.costs, e, many(course.costs[e]!));
  const said = await calibrateExperts(next, trained, costs);
  const result = await trainGate(next, said, costs);
  const graphs = spread(course.graphs, e, many(course.graphs[e]!));
  return { ...course, stage: next, graphs, trained, costs, said, result };
}

function roundsOf(folds: readonly JointFold[]): number {
  return Math.round(mean(folds.map(({ round }) => round)));
}

async function tryGroup(course: Course, e: number): Promise<Course> {
  const { stage } = course;
  const { name, clones } = stage.plan.experts[e]!;
  const { keep } = stage.plan.spec.training.joint;
  const weights = shareArray(stage.objective.rowWeights(stage.truth, stage.state));
  const job = expertJob(stage, course.graphs[e]!, e, weights);
  const group: Group = { course, e, clones, job };
  const folds = await trainFolds(group);
  const tried = await withGroup(group, folds);
  const [after, before] = [tried.result.chosen, course.result.chosen];
  const gained = after.worth.map((value, i) => value - before.worth[i]!);
  const rounds = roundsOf(folds);
  const kept = keep === 'on' || haveParted(rounds, after, before);
  const joint: JointCard = {
    expert: name,
    clones,
    kept,
    gain: mean(gained),
    error: groupedError(gained, after.unit),
    rounds,
    messages: folds.flatMap(({ messages }) => messages),
  };
  const message = jointLine(joint);
  stage.options.onEvent?.({ phase: 'joint', step: 1, total: 1, who: name, message });
  return { ...(kept ? tried : course), joint: [...course.joint, joint] };
}

/** Tries the clones of one expert after the other; the course with those that are kept. */
export async function jointPhase(plain: Course): Promise<Course> {
  const { plan } = plain.stage;
  if (plan.spec.training.joint.keep === 'off') return plain;
  let course = plain;
  for (const { name, clones } of plan.experts) {
    if (clones === 1) continue;
    const e = course.stage.plan.experts.findIndex((expert) => expert.name === name);
    course = await tryGroup(course, e);
  }
  return course;
}
