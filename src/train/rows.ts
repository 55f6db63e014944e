/** Reads the rows that train: fields, target, and what keeps rows together. */
import { MonbanError, show } from '../core/fault.js';
import { joinArrays } from '../core/join.js';
import { nearest } from '../core/nearest.js';
import type { Values } from '../data/column.js';
import type { Dataset } from '../data/dataset.js';
import { partition, type Split } from '../data/split.js';
import { timeNumbers } from '../data/time.js';
import { units } from '../data/unit.js';
import type { Plan } from '../mixture/plan.js';
import { type Batch, chunkBatch, takeValues, textColumns } from '../predict/batch.js';

export interface LabelledRows extends Batch {
  readonly target: Values;
  /** A hash per row; rows with the same one stay in the same part. */
  readonly unit: Uint32Array;
  /** Rank in time from 0 to 1 where the data is split by time. */
  readonly time?: Float64Array;
  /** Rows left out because their target is missing. */
  readonly unlabelled: number;
}

/** Throws MonbanError naming the nearest columns where the data lacks some of the plan's. */
export function checkColumns(plan: Plan, data: Dataset): void {
  const names = data.columns.map(({ name }) => name);
  const wanted: [string, string][] = [
    ['data.target', plan.spec.data.target],
    ...plan.fields.map(({ name, column }): [string, string] => [`fields.${name}`, column]),
  ];
  const faults = wanted
    .filter(([, column]) => !names.includes(column))
    .map(([where, column]) => {
      const close = nearest(column, names);
      const todo =
        close === undefined
          ? `the data has ${names.slice(0, 12).join(', ')}`
          : `did you mean "${close}"?`;
      return { where, expected: 'a column of the data', found: show(column), todo };
    });
  if (faults.length > 0) throw new MonbanError(faults);
}

/** Texts of a target that are held once; beyond them every row has its own. */
const mostLabels = 100_000;

function isMissing(target: Values, row: number): boolean {
  const value = target[row];
  return value === null || value === undefined || Number.isNaN(value);
}

/** Ranks in time from 0 to 1; rows without a time come first. */
function ranks(times: Float64Array): Float64Array {
  const order = Int32Array.from(times.keys());
  const key = (i: number) => (Number.isNaN(times[i]!) ? Number.NEGATIVE_INFINITY : times[i]!);
  order.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x === y ? a - b : x < y ? -1 : 1;
  });
  const rank = new Float64Array(times.length);
  order.forEach((row, i) => {
    rank[row] = i / times.length;
  });
  return rank;
}

/** Columns whose rows must stay together inside the training rows. */
function groupColumns(plan: Plan, names: ReadonlySet<string>): string[] | undefined {
  const { training, data } = plan.spec;
  if (training.group !== undefined) return [training.group].flat();
  if (data.split?.by === 'group') return [data.split.column].flat();
  if (data.split?.by === 'hash' && names.has(data.split.key)) return [data.split.key];
  return undefined;
}

/** What is known of the rows of a part but their fields; a few bytes a row. */
export interface RowKeys extends Omit<LabelledRows, 'values'> {
  /** Their places in the data. */
  readonly kept: Int32Array;
}

/** Reads a column, each distinct text of which is held once. */
async function readColumn(data: Dataset, column: string): Promise<Values> {
  const numbers: Float64Array[] = [];
  const others: unknown[] = [];
  const known = new Map<string, string>();
  for await (const chunk of data.chunks([column], { texts: [column] })) {
    const values = chunk.columns[column]!;
    if (values instanceof Float64Array) numbers.push(values);
    else
      for (const value of values) {
        if (typeof value !== 'string') others.push(value);
        else {
          const same = known.get(value) ?? value;
          if (known.size < mostLabels) known.set(same, same);
          others.push(same);
        }
      }
  }
  return numbers.length > 0 ? joinArrays(Float64Array, numbers) : (others as unknown as Values);
}

/** Rows of a part that have a target, and how many have none. */
function labelledRows(labels: Values, parts: Uint8Array | undefined, part: 0 | 1) {
  const kept = new Int32Array(labels.length);
  let count = 0;
  let unlabelled = 0;
  for (let row = 0; row < labels.length; row++) {
    if ((parts?.[row] ?? 0) !== part) continue;
    if (isMissing(labels, row)) unlabelled++;
    else kept[count++] = row;
  }
  return { kept: kept.slice(0, count), unlabelled };
}

/** Reads targets, groups and times of the training rows (part 0) or the test rows (part 1). */
export async function readKeys(plan: Plan, data: Dataset, part: 0 | 1): Promise<RowKeys> {
  const { target, split } = plan.spec.data;
  const labels = await readColumn(data, target);
  const parts = split === undefined ? undefined : await partition(data, split as Split);
  const { kept, unlabelled } = labelledRows(labels, parts, part);
  const time = split?.by === 'time' ? await timeNumbers(data, split.column) : undefined;
  const names = new Set(data.columns.map(({ name }) => name));
  const group = groupColumns(plan, names);
  const unit = group === undefined ? undefined : await units(data, group);
  return {
    kept,
    rows: kept.length,
    target: takeValues(labels, kept),
    unit: Uint32Array.from(kept, (row) => unit?.[row] ?? row),
    ...(time === undefined ? {} : { time: ranks(takeValues(time, kept) as Float64Array) }),
    unlabelled,
  };
}

/** Reads the training rows (part 0) or the test rows (part 1) of a plan's data into memory. */
export async function readRows(plan: Plan, data: Dataset, part: 0 | 1): Promise<LabelledRows> {
  checkColumns(plan, data);
  const { kept, ...keys } = await readKeys(plan, data, part);
  const columns = [...new Set(plan.fields.map(({ column }) => column))];
  const chunk = await data.read(columns, { texts: textColumns(plan.fields) });
  const { values } = chunkBatch(chunk, plan.fields);
  const taken = Object.entries(values).map(([name, column]) => [name, takeValues(column, kept)]);
  return { ...keys, values: Object.fromEntries(taken) };
}
