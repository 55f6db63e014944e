/** Trains a mixture: experts, calibration, gate, clones, bundle. */
import { MonbanError } from '../core/fault.js';
import type { Bundle } from '../mixture/bundle.js';
import { countedCost } from '../mixture/cost.js';
import type { Plan } from '../mixture/plan.js';
import { begin } from './begin.js';
import { calibrateExperts } from './calibration-phase.js';
import { memo } from './checkpoint.js';
import { expertGraphs, measureAll, trainExperts } from './expert-phase.js';
import { finish } from './finish.js';
import { trainGate } from './gate-step.js';
import { jointPhase } from './joint-phase.js';
import { checkExperts } from './outside.js';
import type { LabelledRows } from './rows.js';
import type { Stage, TrainOptions } from './stage.js';
import { inMemory, type TrainingRows } from './training-rows.js';

export type { TrainOptions } from './stage.js';

/** Fewer rows than this cannot be cut into parts. */
const fewestRows = 20;

/** Trains a plan on labelled rows. Throws MonbanError when the rows cannot teach it. */
export async function train(
  plan: Plan,
  rows: LabelledRows | TrainingRows,
  options: TrainOptions = {},
): Promise<Bundle> {
  if (rows.rows < fewestRows) {
    const todo = 'give more rows, or another target or split';
    throw new MonbanError({
      where: 'data',
      expected: `at least ${fewestRows} training rows with a target`,
      found: `${rows.rows}`,
      todo,
    });
  }
  const stage = await begin(plan, 'batches' in rows ? rows : inMemory(rows), options);
  try {
    return await trainStage(stage);
  } finally {
    stage.prepared.store.close();
  }
}

async function trainStage(stage: Stage): Promise<Bundle> {
  const { plan, prepared, options } = stage;
  checkExperts(plan, stage, prepared.ports, stage.loaded);
  const graphs = expertGraphs(stage);
  const { lengths } = prepared.store;
  const expected = graphs.map((graph) => countedCost(graph, lengths));
  const trained = await trainExperts(stage, graphs, expected);
  const clock = options.clock ?? (() => performance.now());
  const costs =
    plan.spec.training.costs === 'counted'
      ? graphs.map((graph, e) => countedCost(graph, lengths, trained[e]!.epochs))
      : await memo(stage.checkpoint, 'costs', { trained }, () =>
          measureAll(stage, graphs, trained, clock),
        );
  const said = await calibrateExperts(stage, trained, costs);
  const result = await trainGate(stage, said, costs);
  const plain = { stage, graphs, trained, costs, said, result, joint: [] };
  const course = await jointPhase(plain);
  options.onEvent?.({ phase: 'finish', step: 0, total: 1 });
  return finish(course);
}
