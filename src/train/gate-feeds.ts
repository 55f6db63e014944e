/** Lays held-out views out as the feeds of a gate. */

import type { Column } from '../core/column.js';
import type { GateFacts } from '../gate/gate.js';
import { presencePort, sharedPort } from '../gate/gate.js';
import { gateInputs, servingFeeds } from '../mixture/feeds.js';
import { fieldOf } from '../mixture/wiring.js';
import { objectives } from '../objective/objectives.js';
import type { GateData } from './gate-data.js';

export interface GateSource {
  readonly data: GateData;
  readonly facts: GateFacts;
  readonly shared: number;
}

/** W: numbers of an answer that an expert gives to the gate. */
export function widthOf({ objective }: Pick<GateData, 'objective'>): number {
  return objectives.get(objective.kind).answerWidth(objective.state);
}

/** The given rows of an array of `size` numbers a row. */
export function gatherRows(
  array: Float32Array | Uint8Array,
  views: Int32Array,
  size: number,
): Float32Array {
  const out = new Float32Array(views.length * size);
  views.forEach((view, i) => {
    out.set(array.subarray(view * size, (view + 1) * size), i * size);
  });
  return out;
}

/** Feeds of the gate's serving graph for some views. */
export function gateFeeds(job: GateSource, part: Int32Array, width: number) {
  const { data } = job;
  const names = Object.keys(data.fields);
  const experts = job.facts.experts.length;
  const presence = gatherRows(data.views.visible, part, names.length);
  const own = Int32Array.from(part.keys());
  const rows = (port: string): Int32Array => {
    if (port === presencePort || port === sharedPort) return own;
    const f = names.indexOf(fieldOf(port));
    return part.map((view, i) =>
      presence[i * names.length + f] === 1 ? data.views.row[view]! : -1,
    );
  };
  const columns: Record<string, Column> = {
    ...data.columns,
    [presencePort]: { form: 'values', width: names.length, data: presence },
  };
  if (job.shared >= 0) {
    const outputs = gatherRows(data.outputs, part, experts * width);
    const shared = sharedOf(outputs, job.shared, experts, width);
    columns[sharedPort] = { form: 'values', width, data: shared };
  }
  const ports = gateInputs({ ports: data.ports, shared: job.shared });
  const feeds = servingFeeds(ports, { columns, rows });
  feeds.open = { data: gatherRows(data.open, part, experts), dims: [part.length, experts] };
  return feeds;
}

/** What the shared expert said: [B, W] of [B, E, W]. */
export function sharedOf(
  outputs: Float32Array,
  shared: number,
  experts: number,
  width: number,
): Float32Array {
  const rows = outputs.length / (experts * width);
  const out = new Float32Array(rows * width);
  for (let i = 0; i < rows; i++) {
    const at = (i * experts + shared) * width;
    out.set(outputs.subarray(at, at + width), i * width);
  }
  return out;
}
