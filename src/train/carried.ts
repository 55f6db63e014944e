/** Rows of training and held-out views as columns, for models that look at all of them at once. */
import type { Column, Columns } from '../core/column.js';
import type { Random } from '../core/random.js';
import type { Carried } from '../expert/expert.js';
import { trainingBatch } from '../mixture/feeds.js';
import { opener } from './expert-pass.js';
import type { ExpertJob } from './expert-types.js';
import { joinColumns } from './packed.js';
import { selected } from './say.js';
import { openSource, type Picked } from './source.js';
import { hideGroups } from './view.js';

/** Rows that may come twice, and [n, F] which fields they show. */
export interface Shown {
  readonly rows: Int32Array;
  readonly visible: Uint8Array;
}

/** What hides at random is learned from so many differently hidden copies of a row. */
const copies = 2;

/** At most so many of some rising rows, drawn at random. */
function drawn(rows: Int32Array, most: number, stream: Random): Int32Array {
  if (rows.length <= most) return rows;
  return stream.shuffle(rows.slice()).subarray(0, most).sort();
}

/** The rows with their fields, or copies with groups hidden at random that show it anything still. */
export function showRows(job: ExpertJob, given: Int32Array, most: number, stream: Random): Shown {
  const width = Object.keys(job.fieldIndex).length;
  const times = job.hiding === undefined ? 1 : copies;
  const rows = drawn(given, Math.max(1, Math.floor(most / times)), stream);
  const visible = new Uint8Array(rows.length * times * width);
  const shown: number[] = [];
  const isOpen = opener(job);
  for (let i = 0; i < rows.length * times; i++) {
    const row = rows[Math.floor(i / times)]!;
    const at = shown.length;
    visible.set(job.presence.subarray(row * width, (row + 1) * width), at * width);
    if (job.hiding !== undefined) hideGroups(visible, at * width, job.hiding, stream.uniform);
    if (isOpen(visible, at)) shown.push(row);
  }
  return { rows: Int32Array.from(shown), visible: visible.slice(0, shown.length * width) };
}

function columnsOf(job: ExpertJob, picked: Picked, visible: Uint8Array): Columns {
  const { feeds, bags } = trainingBatch(job.ports, selected(job, picked, visible));
  return Object.fromEntries(
    job.ports.map((port): [string, Column] => {
      const feed = feeds[port];
      if (feed === undefined) return [port, bags[port]!];
      const width = feed.dims.slice(1).reduce((a, b) => a * b, 1);
      return [port, { form: 'values', width, data: feed.data }];
    }),
  );
}

/** Rows, which rise, block by block, so that no more than is read at once lies in memory. */
export function carriedRows(job: ExpertJob, { rows, visible }: Shown): Carried {
  const source = openSource(job.source, job.ports);
  const width = Object.keys(job.fieldIndex).length;
  const together = job.reading.blockRows * job.reading.windowBlocks;
  const read: Columns[] = [];
  for (let from = 0; from < rows.length || read.length === 0; ) {
    const window = Math.floor(rows[from]! / together);
    let to = from;
    while (to < rows.length && Math.floor(rows[to]! / together) === window) to++;
    const part = rows.subarray(from, to);
    source.load(part);
    read.push(columnsOf(job, source.pick(part), visible.subarray(from * width, to * width)));
    from = Math.max(to, from + 1);
  }
  const columns = job.ports.map((port): [string, Column] => [
    port,
    joinColumns(read.map((columns) => columns[port]!)),
  ]);
  return { rows: rows.length, columns: Object.fromEntries(columns) };
}

/** Held-out views as they show. */
export function carriedViews(job: ExpertJob, views: Int32Array): Carried {
  const held = openSource(job.held.source, job.ports);
  const width = Object.keys(job.fieldIndex).length;
  const visible = new Uint8Array(views.length * width);
  views.forEach((view, i) => {
    visible.set(job.views.visible.subarray(view * width, (view + 1) * width), i * width);
  });
  const picked = held.pick(views.map((view) => job.held.place[view]!));
  return { rows: views.length, columns: columnsOf(job, picked, visible) };
}
