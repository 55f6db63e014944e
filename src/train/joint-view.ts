/** The views of one fold of a joint phase: those held out, and the rows that fit. */
import { type ExpertJob, fits, rowsWhere } from './expert-job.js';
import type { Views } from './view.js';

/** The fold's held-out views, then every row that fits, as it is. */
export function jointViews(job: ExpertJob, fold: number): { views: Views; held: Int32Array } {
  const fields = Object.keys(job.fieldIndex).length;
  const held = rowsWhere(job.views.row.length, (v) => job.parts.fold[job.views.row[v]!] === fold);
  const fit = rowsWhere(job.truth.length, (r) => job.parts.fold[r] !== fold && fits(job, r));
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
