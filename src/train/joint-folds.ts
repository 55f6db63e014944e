/** Clones on every fold: what they part by, what they say of held-out rows, and their refit. */
import { random } from '../core/random.js';
import { gates } from '../gate/gates.js';
import type { JointCard } from '../mixture/card.js';
import { cloneName } from '../mixture/cross-check.js';
import type { ExpertGraph } from '../mixture/graphs.js';
import type { Plan } from '../mixture/plan.js';
import { fieldOf } from '../mixture/wiring.js';
import type { Learned } from '../tensor/trace-serving.js';
import { runKept } from './checkpoint.js';
import type { CloneJob } from './clone-job.js';
import type { ExpertJob, TrainedExpert } from './expert-types.js';
import type { GateResult } from './gate-phase.js';
import type { JointFold, JointJob, JointProgress } from './joint-types.js';
import { inMemory, jointViews } from './joint-view.js';
import { openViews } from './said.js';
import { shareArray, shareColumns } from './shared-memory.js';
import type { Said, Stage } from './stage.js';
import { heldColumns } from './store.js';

import { threadsOf } from './threads.js';

/** What a plan has come to after the gate. */
export interface Course {
  readonly stage: Stage;
  readonly graphs: readonly ExpertGraph[];
  readonly trained: readonly TrainedExpert[];
  readonly costs: readonly number[];
  readonly said: Said;
  readonly result: GateResult;
  readonly joint: readonly JointCard[];
}

const jointModule = new URL('./joint-job.js', import.meta.url).href;

const cloneModule = new URL('./clone-job.js', import.meta.url).href;

/** One group of clones in training. */
export interface Group {
  readonly course: Course;
  /** The place of the expert among the experts. */
  readonly e: number;
  readonly clones: number;
  readonly job: ExpertJob;
}

/** The gate of the joint phase: the spec's where it reads the record and learns by steps, else a small network. */
function gateOf({ gate }: Plan): Pick<JointJob['gate'], 'kind' | 'config' | 'plan'> {
  const own = gate.kind === 'auto' ? undefined : gates.get(gate.kind);
  if (own?.readsPorts === true && own.fit === undefined)
    return { kind: gate.kind, config: gate.config, plan: gate };
  return { kind: 'mlp', config: gates.get('mlp').config.parse({}), plan: gate };
}

function foldJob(group: Group, fold: number, begin?: Float32Array): JointJob {
  const { course, clones, e, job } = group;
  const { plan, prepared, rows } = course.stage;
  const { views } = jointViews(job, fold);
  const kept = inMemory(prepared.store, views.row);
  const place = views.row.map(kept.placeOf);
  const fields = Object.keys(job.fieldIndex).length;
  const own = [...new Set(job.ports.map((port) => job.fieldIndex[fieldOf(port)]!))];
  const { name, needs } = plan.experts[e]!;
  const list = <T>(make: (k: number) => T): T[] =>
    Array.from({ length: clones }, (_, k) => make(k));
  return {
    expert: { ...job, views, held: { source: kept.source, place } },
    epochs: course.trained[e]!.epochs,
    rounds: plan.spec.training.joint.rounds,
    fold,
    ...(begin === undefined ? {} : { begin }),
    gate: {
      ...gateOf(plan),
      data: {
        objective: job.objective,
        fields: prepared.ports,
        ports: prepared.gatePorts,
        columns: shareColumns(heldColumns({ held: kept.source }, prepared.gatePorts)),
        views: { row: place, visible: views.visible },
        open: openViews(
          views,
          fields,
          list(() => own),
          list(() => needs),
        ),
        truth: Float64Array.from(views.row, (row) => job.truth[row]!),
        check: Uint8Array.from(views.row, (row) => job.parts.check[row]!),
        unit: Uint32Array.from(views.row, (row) => rows.unit[row]!),
      },
      pool: 'mixture',
      topK: 1,
      shared: -1,
      penalty: list(() => 0),
      facts: {
        experts: list((k) => ({ name: cloneName(name, k), cost: 1, loss: 0 })),
        patterns: [],
      },
      targets: list(() => 1 / clones),
      idle: list(() => false),
      seed: random(plan.spec.training.seed, `${name}/joint/${fold}`).word(),
    },
  };
}

function tell({ course, e }: Group, done: number, total: number, progress?: JointProgress): void {
  const { plan, options } = course.stage;
  const { name } = plan.experts[e]!;
  const shares = progress?.shares;
  options.onEvent?.({
    phase: 'joint',
    step: done,
    total,
    who: name,
    ...(progress?.loss === undefined ? {} : { loss: progress.loss }),
    ...(shares === undefined
      ? {}
      : { loads: Object.fromEntries(shares.map((share, k) => [cloneName(name, k), share])) }),
  });
}

/** Trains the clones on every fold: the first finds what they part by, the others take that over. */
export async function trainFolds(group: Group): Promise<JointFold[]> {
  const { course, job, e } = group;
  const { plan, options } = course.stage;
  const { folds } = job.parts;
  const done = new Float64Array(folds);
  const runAll = (jobs: JointJob[], offset: number) =>
    runKept<JointJob, JointFold>(jointModule, jobs, {
      threads: threadsOf(plan),
      checkpoint: course.stage.checkpoint,
      labels: jobs.map(({ fold }) => `joint ${plan.experts[e]!.name} ${fold}`),
      identify: ({ expert: { source, held, ...expert }, gate, ...rest }) => ({
        ...{ expert, place: held.place, rest },
        gate: { ...gate, data: { ...gate.data, columns: undefined } },
      }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onMessage(index, message) {
        const progress = message as JointProgress;
        done[offset + index] = progress.round / progress.rounds;
        tell(
          group,
          done.reduce((a, b) => a + b, 0),
          folds + 1,
          progress,
        );
      },
    });
  const [first] = await runAll([foldJob(group, 0)], 0);
  const begin = shareArray(first!.responsibility);
  const others = Array.from({ length: folds - 1 }, (_, i) => foldJob(group, i + 1, begin));
  return [first!, ...(await runAll(others, 1))];
}

interface Parted {
  /** K times [V, W] */
  readonly heldOut: Float32Array[];
  /** [V] */
  readonly first: Int32Array;
  /** [N, K] */
  readonly responsibility: Float32Array;
}

/** What the folds say together: every row by clones that did not see it, where it was held out. */
export function joinFolds({ course, clones, job }: Group, folds: readonly JointFold[]): Parted {
  const { views, objective, state, parts } = course.stage;
  const width = objective.outputs(state);
  const heldOut = Array.from({ length: clones }, () => new Float32Array(views.row.length * width));
  const first = new Int32Array(views.row.length);
  const responsibility = folds[0]!.responsibility.slice();
  folds.forEach((fold, f) => {
    const { held } = jointViews(job, f);
    held.forEach((view, i) => {
      first[view] = fold.first[i]!;
      heldOut.forEach((said, k) => {
        said.set(fold.heldOut[k]!.subarray(i * width, (i + 1) * width), view * width);
      });
    });
    parts.fold.forEach((own, row) => {
      if (own !== f) return;
      const at = row * clones;
      responsibility.set(fold.responsibility.subarray(at, at + clones), at);
    });
  });
  return { heldOut, first, responsibility };
}

/** The clones that will serve: they learn from all rows, each from those that it answers for. */
export async function refitClones(group: Group, { responsibility }: Parted, epochs: number) {
  const { course, e, clones, job } = group;
  const { plan, options } = course.stage;
  const jobs = Array.from({ length: clones }, (_, k): CloneJob => {
    const weights = job.rowWeights.map((weight, row) => weight * responsibility[row * clones + k]!);
    const seed = random(job.seed, `joint/refit${k}`).word();
    return {
      expert: { ...job, rowWeights: shareArray(weights), seed },
      start: course.trained[e]!.learned,
      epochs,
    };
  });
  const { name } = plan.experts[e]!;
  return runKept<CloneJob, Learned>(cloneModule, jobs, {
    threads: threadsOf(plan),
    checkpoint: course.stage.checkpoint,
    labels: jobs.map((_, k) => cloneName(name, k)),
    identify: ({ expert: { source, held, ...expert }, ...rest }) => ({ expert, rest }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}
