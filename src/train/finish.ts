/** After the phases: graphs, calibrations and facts become a bundle. */
import { type Bundle, type ExpertEntry, hashedPath, makeBundle } from '../mixture/bundle.js';
import { expertParts } from '../mixture/expert-parts.js';
import { gateGraph, poolGraph } from '../mixture/graphs.js';
import type { ExpertParts } from '../mixture/imported.js';
import { cardOf } from './card.js';
import { outcome } from './gate-outcome.js';
import { graphOf } from './gate-scores.js';
import type { Course } from './joint-folds.js';
import { version } from './version.js';

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

export async function finish(course: Course): Promise<Bundle> {
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
