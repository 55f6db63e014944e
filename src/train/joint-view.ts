/** The views of one fold of a joint phase: those held out, and rows that fit; and where they lie. */
import { combine } from '../core/hash.js';
import { readBlock } from './block-file.js';
import { teaching } from './expert-pass.js';
import type { ExpertJob } from './expert-types.js';
import { joinPacked, sharePacked, takePacked } from './packed.js';
import { placesWhere } from './places.js';
import type { MemoryParts } from './source.js';
import type { Store } from './store.js';
import type { Views } from './view.js';

/** Clones part on so many rows at most: their arrays hold every row for every clone. */
const mostFit = 100_000;

export interface JointViews {
  readonly views: Views;
  /** Views of the training's that come first, one by one. */
  readonly held: Int32Array;
}

/** The rows that fit, or of very many a sample; rising. */
function fitRows(job: ExpertJob, fold: number): Int32Array {
  const teaches = teaching(job);
  const rows = placesWhere(job.truth.length, (r) => job.parts.fold[r] !== fold && teaches(r));
  if (rows.length <= mostFit) return rows;
  const limit = (mostFit / rows.length) * 2 ** 32;
  return rows.filter((row) => combine(combine(job.seed, 0x10147), row) < limit);
}

/** The fold's held-out views, then the rows that fit, as they are. */
export function jointViews(job: ExpertJob, fold: number): JointViews {
  const fields = Object.keys(job.fieldIndex).length;
  const held = placesWhere(job.views.row.length, (v) => job.parts.fold[job.views.row[v]!] === fold);
  const fit = fitRows(job, fold);
  const row = new Int32Array(held.length + fit.length);
  const visible = new Uint8Array(row.length * fields);
  held.forEach((view, i) => {
    row[i] = job.views.row[view]!;
    visible.set(job.views.visible.subarray(view * fields, (view + 1) * fields), i * fields);
  });
  fit.forEach((source, i) => {
    row[held.length + i] = source;
    const at = (held.length + i) * fields;
    visible.set(job.presence.subarray(source * fields, (source + 1) * fields), at);
  });
  return { views: { row, visible }, held };
}

/** Some rows in memory, and the place of each: all where they are there already, else copies. */
export function inMemory(
  { source, held }: Store,
  rows: Int32Array,
): { readonly source: MemoryParts; readonly placeOf: (row: number) => number } {
  if (!('index' in source)) return { source: held, placeOf: (row) => row };
  const { index, quick } = source;
  const fields = quick.map(({ name }) => name);
  const rising = Int32Array.from(new Set(rows)).sort();
  const places = new Map(Array.from(rising, (row, place) => [row, place]));
  const blockOf = (row: number) => Math.floor(row / index.blockRows);
  const parts = [...new Set(Array.from(rising, blockOf))].map((block) => {
    const own = rising.filter((row) => blockOf(row) === block);
    const all = readBlock(index, block, fields, Object.keys(index.empty));
    return takePacked(
      all,
      own.map((row) => row - block * index.blockRows),
    );
  });
  const packed = sharePacked(joinPacked(parts));
  return { source: { quick, packed }, placeOf: (row) => places.get(row)! };
}
