/** Phase 1: every expert is trained by itself, in worker threads. */
import type { ExpertGraph } from '../mixture/graphs.js';
import { fieldOf } from '../mixture/wiring.js';
import { runKept } from './checkpoint.js';
import type { ExpertJob, ExpertProgress, TrainedExpert } from './expert-types.js';
import { measuredCost, measuredRows } from './measure.js';
import { shareArray } from './shared-memory.js';
import type { Stage } from './stage.js';
import { threadsOf } from './threads.js';
import { hidingOf } from './view.js';

const expertModule = new URL('./expert-job.js', import.meta.url).href;

export function expertGraphs(stage: Stage): ExpertGraph[] {
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

export function expertJob(
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
export async function trainExperts(
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

export async function measureAll(
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
