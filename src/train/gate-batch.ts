/** The feeds of one training batch of a gate. */
import type { Random } from '../core/random.js';
import { presencePort, sharedPort } from '../gate/gate.js';
import { trainingBatch } from '../mixture/feeds.js';
import { fieldOf } from '../mixture/wiring.js';
import { objectives } from '../objective/objectives.js';
import type { GateJob } from './gate-data.js';
import { gatherRows, sharedOf, widthOf } from './gate-feeds.js';

export const scalar = (value: number) => ({ data: Float32Array.of(value), dims: [] as number[] });

/** Closes experts at random, so that back-ups are learned; never the last open one of a row. */
function dropExperts(open: Float32Array, experts: number, rate: number, stream: Random): void {
  for (let at = 0; at < open.length; at += experts) {
    let left = 0;
    for (let e = 0; e < experts; e++) left += open[at + e]!;
    for (let e = 0; e < experts && left > 1; e++) {
      if (open[at + e] !== 1 || stream.uniform() >= rate) continue;
      open[at + e] = 0;
      left--;
    }
  }
}

/** What the features of a gate are made of for some views, every port by itself. */
export function portsOf(job: GateJob, views: Int32Array) {
  const { data, shared } = job;
  const width = widthOf(data);
  const experts = job.facts.experts.length;
  const names = Object.keys(data.fields);
  const presence = gatherRows(data.views.visible, views, names.length);
  const rows = (port: string): Int32Array => {
    const f = names.indexOf(fieldOf(port));
    return views.map((view, i) =>
      presence[i * names.length + f] === 1 ? data.views.row[view]! : -1,
    );
  };
  const { feeds, bags } = trainingBatch(data.ports, { columns: data.columns, rows });
  const outputs = gatherRows(data.outputs, views, experts * width);
  const said = shared < 0 ? undefined : sharedOf(outputs, shared, experts, width);
  return {
    bags,
    outputs,
    feeds: {
      ...feeds,
      [presencePort]: { data: presence, dims: [views.length, names.length] },
      ...(said === undefined ? {} : { [sharedPort]: { data: said, dims: [views.length, width] } }),
    },
  };
}

/** The feeds of one batch of views. */
export function batchOf(job: GateJob, views: Int32Array, stream: Random, gains?: Float32Array) {
  const { data } = job;
  const experts = job.facts.experts.length;
  const { bags, feeds, outputs } = portsOf(job, views);
  const open = gatherRows(data.open, views, experts);
  dropExperts(open, experts, job.plan.expertDropout, stream);
  const truth = objectives
    .get(data.objective.kind)
    .feed(Float64Array.from(views, (view) => data.truth[view]!));
  const perExpert = (array: Float32Array) => ({
    data: gatherRows(array, views, experts),
    dims: [views.length, experts],
  });
  return {
    bags,
    feeds: {
      ...feeds,
      open: { data: open, dims: [views.length, experts] },
      outputs: { data: outputs, dims: [views.length, experts, widthOf(data)] },
      truth: { data: truth, dims: [views.length, 1] },
      ...(gains === undefined ? {} : { gains: perExpert(gains) }),
      ...(data.rewards === undefined
        ? {}
        : { rewards: perExpert(data.rewards), rewardScale: scalar(1 / views.length) }),
    },
  };
}
