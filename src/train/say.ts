/** What an expert says of held-out views, by what will serve. */
import { expertParts } from '../mixture/expert-parts.js';
import { openExpert } from '../mixture/expert-runner.js';
import type { ExpertGraph } from '../mixture/graphs.js';
import { fieldOf } from '../mixture/wiring.js';
import { objectives } from '../objective/objectives.js';
import { sessions } from '../runtime/session.js';
import type { Learned } from '../tensor/trace-serving.js';
import type { ExpertJob } from './expert-types.js';

type SpeakingJob = Pick<
  ExpertJob,
  'expert' | 'ports' | 'fields' | 'fieldIndex' | 'objective' | 'columns' | 'views' | 'loaded'
>;

/** Row indices for a port of a batch: -1 where its field is not visible. */
export function visibleRows(
  { fieldIndex }: Pick<ExpertJob, 'fieldIndex'>,
  rows: Int32Array,
  visible: Uint8Array,
) {
  const width = visible.length / rows.length;
  return (port: string): Int32Array => {
    const f = fieldIndex[fieldOf(port)]!;
    const shown = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i++) shown[i] = visible[i * width + f] === 1 ? rows[i]! : -1;
    return shown;
  };
}

/** The expert of a job, which says `outputs` numbers. */
export function graphOfJob(job: SpeakingJob, outputs: number): ExpertGraph {
  const { expert, fields, ports, loaded } = job;
  return { kind: expert.kind, config: expert.config, fields, ports, outputs, loaded };
}

const slice = 64;

/** Raw outputs [views, outputs] about views from the list, by the expert with what it learned so far. */
export async function say(
  job: SpeakingJob,
  outputs: number,
  learned: Learned,
  views: Int32Array,
): Promise<Float32Array> {
  const aim = {
    objective: objectives.get(job.objective.kind),
    state: job.objective.state,
  };
  const parts = expertParts(job.expert.name, graphOfJob(job, outputs), learned, aim);
  const runner = await openExpert(sessions, parts);
  const out = new Float32Array(views.length * outputs);
  const fieldCount = Object.keys(job.fieldIndex).length;
  for (let from = 0; from < views.length; from += slice) {
    const part = views.subarray(from, from + slice);
    const rows = part.map((view) => job.views.row[view]!);
    const visible = new Uint8Array(part.length * fieldCount);
    part.forEach((view, i) => {
      visible.set(
        job.views.visible.subarray(view * fieldCount, (view + 1) * fieldCount),
        i * fieldCount,
      );
    });
    const selected = { columns: job.columns, rows: visibleRows(job, rows, visible) };
    out.set(await runner.say(job.ports, selected), from * outputs);
  }
  await runner.close();
  return out;
}
