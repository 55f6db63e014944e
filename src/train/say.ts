/** What an expert says of held-out views, by what will serve. */
import type { FieldPorts } from '../expert/expert.js';
import { expertParts } from '../mixture/expert-parts.js';
import { openExpert } from '../mixture/expert-runner.js';
import type { Selected } from '../mixture/feeds.js';
import type { ExpertGraph } from '../mixture/graphs.js';
import { fieldOf } from '../mixture/wiring.js';
import { objectives } from '../objective/objectives.js';
import { sessions } from '../runtime/session.js';
import type { Kept } from '../runtime/trainer.js';
import type { Learned } from '../tensor/trace-serving.js';
import { compact } from './compact.js';
import type { ExpertJob } from './expert-types.js';
import { openSource, type Picked, type Source } from './source.js';

/** The expert of a job over its fields, which says `outputs` numbers. */
export function graphOfJob(
  { expert, ports, loaded }: ExpertJob,
  fields: FieldPorts,
  outputs: number,
): ExpertGraph {
  return { kind: expert.kind, config: expert.config, fields, ports, outputs, loaded };
}

/** Picked rows as a batch selects them: -1 for a port whose field is not visible. */
export function selected(job: ExpertJob, { columns, at }: Picked, visible: Uint8Array): Selected {
  const width = Object.keys(job.fieldIndex).length;
  const rows = (port: string): Int32Array => {
    const f = job.fieldIndex[fieldOf(port)]!;
    return at(port).map((row, i) => (visible[i * width + f] === 1 ? row : -1));
  };
  return { columns, rows };
}

/** What is needed to say something of held-out views. */
export interface Speaker {
  readonly job: ExpertJob;
  readonly width: number;
  readonly fields: FieldPorts;
  readonly held: Source;
}

/** A speaker of some views with tables of the ids that these use, and which ids they are. */
export function speakerOf(
  job: ExpertJob,
  width: number,
  views: Int32Array,
): { speaker: Speaker; kept: Kept } {
  const { quick, packed } = job.held.source;
  const places = views.map((view) => job.held.place[view]!);
  const own = Object.entries(packed.columns).filter(([port]) => job.ports.includes(port));
  const { kept, fields, columns } = compact(job.fields, Object.fromEntries(own), places);
  const held = openSource({ quick, packed: { ...packed, columns } }, job.ports);
  return { speaker: { job, width, fields, held }, kept };
}

/** Loss of outputs about some views, at the calibration that suits them best. */
export function lossAbout(
  { objective: { kind, state }, truth, views: { row } }: ExpertJob,
  outputs: Float32Array,
  views: Int32Array,
): number {
  const known = Float64Array.from(views, (view) => truth[row[view]!]!);
  return objectives.get(kind).stopLoss(outputs, known, state);
}

/** Rows of held-out views that are asked about at once. */
const slice = 64;

/** Raw outputs about views [from the list], by the expert with what it learned so far. */
export async function say(
  speaker: Speaker,
  learned: Learned,
  views: Int32Array,
): Promise<Float32Array> {
  const { job, width, fields, held } = speaker;
  const { kind, state } = job.objective;
  const aim = { objective: objectives.get(kind), state };
  const parts = expertParts(job.expert.name, graphOfJob(job, fields, width), learned, aim);
  const runner = await openExpert(sessions, parts);
  const out = new Float32Array(views.length * width);
  const fieldCount = Object.keys(job.fieldIndex).length;
  for (let from = 0; from < views.length; from += slice) {
    const part = views.subarray(from, from + slice);
    const picked = held.pick(part.map((view) => job.held.place[view]!));
    const visible = new Uint8Array(part.length * fieldCount);
    part.forEach((view, i) => {
      visible.set(
        job.views.visible.subarray(view * fieldCount, (view + 1) * fieldCount),
        i * fieldCount,
      );
    });
    out.set(await runner.say(job.ports, selected(job, picked, visible)), from * width);
  }
  await runner.close();
  return out;
}
