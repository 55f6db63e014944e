/** Scores per slice of the rows: by the groups of a field, or by whether it is given. */
import { MonbanError, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import type { Values } from '../data/column.js';
import type { Value } from '../encoder/encoder.js';
import type { Scores } from '../objective/objective.js';
import type { Batch } from '../predict/batch.js';
import { coderOf } from '../predict/model.js';
import { type Predictor, utilityOf } from '../predict/predictor.js';
import { type Decided, decideAll, truthOf } from './decided.js';

export interface Slice {
  readonly name: string;
  /** How many groups of the field it holds; more than 1 only for `other`. */
  readonly groups: number;
  readonly rows: number;
  readonly metrics: Scores;
  /** The expert most often asked first, and in what share of the rows; null where nobody was asked. */
  readonly first: { readonly expert: string; readonly share: number } | null;
}

const mostSlices = 20;
const missingName = 'missing';

/** The rows of each group, by its name; names of the field's own groups cannot collide with others. */
function rowsByGroup({ model }: Predictor, batch: Batch, field: string): Map<string, number[]> {
  const coder = coderOf(model, field);
  const values = batch.values[field]!;
  const groups = new Map<string, number[]>();
  for (let row = 0; row < batch.rows; row++) {
    const name = !coder.present(values, row)
      ? missingName
      : coder.group === undefined
        ? 'given'
        : `=${coder.group(values[row] as Value)}`;
    const rows = groups.get(name);
    if (rows === undefined) groups.set(name, [row]);
    else rows.push(row);
  }
  return groups;
}

interface Part {
  readonly name: string;
  readonly groups: number;
  readonly rows: readonly number[];
}

/** Largest first; beyond the limit the rest is one part, but what is missing stays apart. */
function partsOf(groups: ReadonlyMap<string, number[]>): Part[] {
  const all = [...groups].map(([name, rows]) => ({
    name: name.replace(/^=/u, ''),
    groups: 1,
    rows,
  }));
  all.sort((a, b) => b.rows.length - a.rows.length || (a.name < b.name ? -1 : 1));
  if (all.length <= mostSlices) return all;
  const missing = groups.get(missingName);
  const own = all.filter(({ rows }) => rows !== missing);
  const most = mostSlices - (missing === undefined ? 1 : 2);
  const rest = own.slice(most);
  const rows = rest.flatMap((part) => part.rows).sort((a, b) => a - b);
  const dropped = new Set(rest);
  const kept = all.filter((part) => !dropped.has(part));
  return [...kept, { name: 'other', groups: rest.length, rows }];
}

function mostAsked(
  { model }: Predictor,
  first: Int32Array,
  rows: readonly number[],
): Slice['first'] {
  const counts = model.manifest.experts.map(({ name }, e) => ({
    expert: name,
    share: rows.filter((row) => first[row] === e).length / rows.length,
  }));
  const best = counts.reduce((a, b) => (b.share > a.share ? b : a));
  return best.share > 0 ? best : null;
}

/** Throws MonbanError, with the nearest name, for a field that the model does not have. */
export function checkField({ model }: Predictor, field: string): void {
  const names = model.manifest.fields.map(({ name }) => name);
  if (names.includes(field)) return;
  const close = nearest(field, names);
  const todo = close === undefined ? 'choose one of them' : `did you mean ${show(close)}?`;
  const expected = `a field of the model: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', ...' : ''}`;
  throw new MonbanError({ where: '--by', expected, found: show(field), todo });
}

/** Scores the mixture on each slice of the rows; throws MonbanError for a field it does not know. */
export async function scoreSlices(
  predictor: Predictor,
  batch: Batch,
  target: Values,
  field: string,
): Promise<readonly Slice[]> {
  checkField(predictor, field);
  const { objective, state } = predictor.model;
  const { answers, first }: Decided = await decideAll(predictor, batch);
  const truth = truthOf(predictor, target);
  const width = answers.length / batch.rows;
  const utility = utilityOf(predictor.model);
  return partsOf(rowsByGroup(predictor, batch, field)).map(({ rows, ...part }) => {
    const own = new Float32Array(rows.length * width);
    rows.forEach((row, i) => {
      own.set(answers.subarray(row * width, (row + 1) * width), i * width);
    });
    const kept = new Set(rows);
    const labels = truth.filter((_, row) => kept.has(row));
    return {
      ...part,
      rows: rows.length,
      metrics: objective.score(own, labels, state, utility),
      first: mostAsked(predictor, first, rows),
    };
  });
}
