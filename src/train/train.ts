/** Trains a mixture: experts, calibration, gate, bundle. */
import { cpus } from 'node:os';
import { MonbanError } from '../core/fault.js';
import { mean } from '../core/statistic.js';
import { targetShares } from '../gate/balance.js';
import { type Bundle, type ExpertEntry, hashedPath, makeBundle } from '../mixture/bundle.js';
import { evenAmongClones, perClone, specName } from '../mixture/clone.js';
import { countedCost } from '../mixture/cost.js';
import { expertParts } from '../mixture/expert-parts.js';
import { type ExpertGraph, gateGraph, poolGraph } from '../mixture/graphs.js';
import type { ExpertParts } from '../mixture/imported.js';
import type { Plan } from '../mixture/plan.js';
import { fieldOf } from '../mixture/wiring.js';
import { objectives } from '../objective/objectives.js';
import { cardOf } from './card.js';
import { type Checkpoint, memo, openCheckpoint, runKept } from './checkpoint.js';
import type { ExpertJob, ExpertProgress, TrainedExpert } from './expert-types.js';
import type { GateData } from './gate-data.js';
import type { Reward } from './gate-judge.js';
import { outcome } from './gate-outcome.js';
import { type GateResult, trainGates } from './gate-phase.js';
import { graphOf } from './gate-scores.js';
import { type Course, jointPhase } from './joint-phase.js';
import { measuredCost, measuredRows } from './measure.js';
import { checkExperts, loadExperts } from './outside.js';
import { cutParts, type Parts } from './parts.js';
import { placesWhere } from './places.js';
import { type Prepared, prepare } from './prepare.js';
import type { LabelledRows } from './rows.js';
import {
  calibrate,
  capacities,
  expertFacts,
  interleave,
  lossesOf,
  openViews,
  patternFacts,
  regrets,
} from './said.js';
import { withSteps } from './schedule.js';
import { shareArray, shareColumns } from './shared-memory.js';
import type { Said, Stage, TrainOptions } from './stage.js';
import { heldColumns } from './store.js';
import { inMemory, type TrainingRows } from './training-rows.js';
import { version } from './version.js';
import { canAsk, type Hiding, makeViews, mostHeldOut } from './view.js';

export type { TrainOptions } from './stage.js';

const expertModule = new URL('./expert-job.js', import.meta.url).href;

/** Threads that the spec asks for, never more than there are cores. */
function threadsOf(plan: Plan): number {
  return Math.min(plan.spec.training.threads, cpus().length);
}

function hidingOf(plan: Plan): Hiding | undefined {
  const { hide } = plan.spec.training;
  if (hide === undefined) return undefined;
  const index = new Map(plan.fields.map(({ name }, i) => [name, i]));
  return {
    rate: hide.rate,
    groups: Object.values(hide.groups).map((group) => group.map((name) => index.get(name)!)),
  };
}

function expertGraphs(stage: Stage): ExpertGraph[] {
  return stage.plan.experts.map(({ kind, config }, e) => {
    const ports = stage.prepared.expertPorts[e]!;
    const own = new Set(ports.map(fieldOf));
    const fields = Object.fromEntries(
      Object.entries(stage.prepared.ports).filter(([name]) => own.has(name)),
    );
    const outputs = stage.objective.outputs(stage.state);
    return { kind, config, fields, ports, outputs, loaded: stage.loaded[e] };
  });
}

function expertJob(
  stage: Stage,
  graph: ExpertGraph,
  e: number,
  rowWeights: Float32Array,
): ExpertJob {
  const { plan, prepared, truth, parts, views, objective, state } = stage;
  const hiding = hidingOf(plan);
  return {
    expert: plan.experts[e]!,
    ports: graph.ports,
    fields: graph.fields,
    fieldIndex: Object.fromEntries(plan.fields.map(({ name }, i) => [name, i])),
    objective: { kind: objective.kind, state },
    source: prepared.store.source,
    held: { source: prepared.store.held, place: stage.heldPlaces },
    reading: prepared.readings[e]!,
    truth,
    rowWeights,
    presence: prepared.presence,
    parts,
    views,
    ...(hiding === undefined ? {} : { hiding }),
    seed: plan.spec.training.seed,
    loaded: graph.loaded,
  };
}

/** Phase 1: every expert by itself, the costliest first so that the threads end together. */
async function trainExperts(
  stage: Stage,
  graphs: readonly ExpertGraph[],
  costs: readonly number[],
): Promise<TrainedExpert[]> {
  const { plan, options, parts } = stage;
  const rowWeights = shareArray(stage.objective.rowWeights(stage.truth, stage.state));
  const order = [...graphs.keys()].sort((a, b) => costs[b]! - costs[a]!);
  const done = new Float64Array(graphs.length);
  const jobs = order.map((e) => expertJob(stage, graphs[e]!, e, rowWeights));
  const results = await runKept<ExpertJob, TrainedExpert>(expertModule, jobs, {
    threads: threadsOf(plan),
    checkpoint: stage.checkpoint,
    labels: order.map((e) => plan.experts[e]!.name),
    // The checkpoint knows the rows themselves, wherever they lie.
    identify: ({ source, held, ...rest }) => ({ ...rest, place: held.place }),
    what: 'experts',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onMessage(index, message) {
      const e = order[index]!;
      const { epoch, epochs, stage: step, loss } = message as ExpertProgress;
      const each = 1 / (parts.folds + 1);
      done[e] =
        step === 'refit'
          ? 1 - each * (1 - epoch / epochs)
          : Math.min(1 - each, Math.max(done[e]!, (epoch / epochs) * each));
      options.onEvent?.({
        phase: 'experts',
        step: done.reduce((a, b) => a + b, 0),
        total: graphs.length,
        who: plan.experts[e]!.name,
        ...(loss === undefined ? {} : { loss }),
      });
    },
  });
  const byExpert: TrainedExpert[] = [];
  results.forEach((result, i) => {
    byExpert[order[i]!] = result;
  });
  return byExpert;
}

/** Phase 2: one calibration per expert on route views, then what everybody knows. */
async function calibrateExperts(
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

/**
 * Prices of a reward: an expert's own, and its time at the price of a millisecond. What is always paid,
 * for a shared expert, decides nothing and counts as 0.
 */
function rewardOf(stage: Stage, costs: readonly number[]): Reward | undefined {
  const { reward } = stage.plan.spec;
  if (reward === undefined) return undefined;
  const utility = stage.objective.utility(reward.right, reward.wrong, stage.state, 'reward');
  const prices = stage.plan.experts.map((expert, e) =>
    expert.name === stage.plan.gate.shared
      ? 0
      : (reward.experts[specName(expert)] ?? 0) + (reward.time * costs[e]!) / 1000,
  );
  return { utility, prices };
}

/** [V, E] reward of asking each expert alone, scaled so that a typical choice is worth one. */
function rewardTable(stage: Stage, said: Said, { utility, prices }: Reward): Float32Array {
  const experts = prices.length;
  const table = new Float32Array(said.truth.length * experts);
  said.outputs.forEach((outputs, e) => {
    const earned = stage.objective.earned(outputs, said.truth, stage.state, utility);
    earned.forEach((gain, view) => {
      table[view * experts + e] = gain - prices[e]!;
    });
  });
  const spans = Array.from(said.truth, (_, view) => {
    const row = table.subarray(view * experts, (view + 1) * experts);
    return Math.max(...row) - Math.min(...row);
  });
  const scale = mean(spans) || 1;
  return shareArray(table.map((value) => value / scale));
}

/** What one mean expert costs in score where the spec does not say. */
const usualLambda = 0.02;

/** Nats of regret from which an expert is not kept at work for the sake of balance. */
const idleFrom = 1;

/** Phase 3. */
async function trainGate(stage: Stage, said: Said, costs: readonly number[]): Promise<GateResult> {
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

type Store = (folder: string, name: string, bytes: Uint8Array) => string;

/** The entry of an imported model, whose bytes go into the bundle as they are. */
function importedEntry(
  { name, imported }: ExpertParts,
  store: Store,
): Pick<ExpertEntry, 'imported'> {
  if (imported === undefined) return {};
  const { bytes, ...wiring } = imported;
  return {
    imported: { ...wiring, file: store('experts', `${name}.imported`, new Uint8Array(bytes)) },
  };
}

async function finish(course: Course): Promise<Bundle> {
  const { stage, graphs, trained, said, result, costs } = course;
  const { plan, objective, state, width, prepared } = stage;
  const { job, trained: gate } = result.served;
  const pooled = await outcome(job, gate, Int32Array.from(said.truth.keys()));
  const calibration = objective.calibrate(pooled.answers, said.truth, state);
  const files = new Map<string, Uint8Array>();
  const store = (folder: string, name: string, bytes: Uint8Array): string => {
    const path = hashedPath(folder, { name, bytes });
    files.set(path, bytes);
    return path;
  };
  const experts = plan.experts.map(({ name, kind, config, needs }, e): ExpertEntry => {
    const calibration = said.calibrations[e]!;
    const parts = expertParts(name, graphs[e]!, trained[e]!.learned, stage, calibration);
    return {
      name,
      kind,
      config,
      needs,
      ports: prepared.expertPorts[e]!,
      calibration,
      cost: costs[e]!,
      file: store('experts', name, parts.graph),
      ...importedEntry(parts, store),
    };
  });
  const graph = graphOf(job, gate.bias);
  const sizes = experts.map(({ file, imported }) =>
    [file, ...(imported === undefined ? [] : [imported.file])].reduce(
      (sum, path) => sum + files.get(path)!.length,
      0,
    ),
  );
  const { card, text } = await cardOf({
    plan,
    rows: stage.rows,
    parts: stage.parts,
    objective,
    state,
    trained,
    said,
    result,
    calibration,
    costs,
    sizes,
    ports: prepared.expertPorts,
    joint: course.joint,
  });
  const manifest = {
    version,
    target: plan.spec.data.target,
    objective: { kind: objective.kind, state },
    fields: prepared.fields,
    experts,
    gate: {
      kind: job.kind,
      config: job.config,
      ports: job.data.ports,
      facts: job.facts,
      topK: job.topK,
      shared: job.shared,
      bias: gate.bias,
      penalty: job.penalty,
      targets: result.targets,
      file: store('gate', job.kind, gateGraph(graph, gate.learned, objective, width)),
    },
    pool: {
      kind: job.pool,
      calibration,
      file: store('pool', job.pool, poolGraph(objective, state, job.pool, calibration)),
    },
    spec: plan.spec,
  };
  return makeBundle(manifest, files, card, text);
}

async function measureAll(
  stage: Stage,
  graphs: readonly ExpertGraph[],
  trained: readonly TrainedExpert[],
  clock: () => number,
): Promise<number[]> {
  const costs: number[] = [];
  const some = await stage.rows.head(measuredRows);
  for (const [e, graph] of graphs.entries()) {
    const { plan, prepared } = stage;
    const { name } = plan.experts[e]!;
    costs.push(
      await measuredCost(name, graph, trained[e]!.learned, stage, prepared.coders, some, clock),
    );
  }
  return costs;
}

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

/** Encodes rows and target, cuts the rows into parts and lays out the held-out views. */
async function begin(plan: Plan, rows: TrainingRows, options: TrainOptions): Promise<Stage> {
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

async function trainStage(stage: Stage): Promise<Bundle> {
  const { plan, prepared, options } = stage;
  checkExperts(plan, stage, prepared.ports, stage.loaded);
  const graphs = expertGraphs(stage);
  const counted = graphs.map((graph) => countedCost(graph, prepared.store.lengths));
  const trained = await trainExperts(stage, graphs, counted);
  const clock = options.clock ?? (() => performance.now());
  const costs =
    plan.spec.training.costs === 'counted'
      ? counted
      : await memo(stage.checkpoint, 'costs', { trained }, () =>
          measureAll(stage, graphs, trained, clock),
        );
  const said = await calibrateExperts(stage, trained, costs);
  const result = await trainGate(stage, said, costs);
  const plain = { stage, graphs, trained, costs, said, result, joint: [] };
  const course = await jointPhase(plain, { expertJob, calibrateExperts, trainGate, threadsOf });
  options.onEvent?.({ phase: 'finish', step: 0, total: 1 });
  return finish(course);
}
