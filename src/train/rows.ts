/** Reads the rows that train: fields, target, and what keeps rows together. */
import { MonbanError, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import type { Values } from '../data/column.js';
import type { Dataset } from '../data/dataset.js';
import { partition, type Split } from '../data/split.js';
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

function checkColumns(plan: Plan, data: Dataset): void {
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

function isMissing(target: Values, row: number): boolean {
  const value = target[row];
  return value === null || value === undefined || Number.isNaN(value);
}

function ranks(times: Values): Float64Array {
  const order = Array.from({ length: times.length }, (_, i) => i);
  const key = (i: number) => times[i] as number | string | null;
  order.sort((a, b) => {
    const x = key(a);
    const y = key(b);
    if (x === y) return a - b;
    if (x === null) return -1;
    if (y === null) return 1;
    return x < y ? -1 : 1;
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

/** Reads the training rows (part 0) or the test rows (part 1) of a plan's data. */
export async function readRows(plan: Plan, data: Dataset, part: 0 | 1): Promise<LabelledRows> {
  checkColumns(plan, data);
  const { target, split } = plan.spec.data;
  const names = new Set(data.columns.map(({ name }) => name));
  const time = split?.by === 'time' ? split.column : undefined;
  const columns = [
    ...new Set([
      target,
      ...plan.fields.map(({ column }) => column),
      ...(time === undefined ? [] : [time]),
    ]),
  ];
  const chunk = await data.read(columns, { texts: textColumns(plan.fields, target) });
  const parts =
    split === undefined ? new Uint8Array(chunk.rows) : await partition(data, split as Split);
  const group = groupColumns(plan, names);
  const unit =
    group === undefined
      ? Uint32Array.from({ length: chunk.rows }, (_, i) => i)
      : await units(data, group);
  const whole = chunkBatch(chunk, plan.fields);
  const labels = chunk.columns[target]!;
  const kept: number[] = [];
  let unlabelled = 0;
  for (let row = 0; row < chunk.rows; row++) {
    if (parts[row] !== part) continue;
    if (isMissing(labels, row)) unlabelled++;
    else kept.push(row);
  }
  const rows = Int32Array.from(kept);
  const take = (values: Values) => takeValues(values, rows);
  return {
    rows: rows.length,
    values: Object.fromEntries(
      Object.entries(whole.values).map(([name, values]) => [name, take(values)]),
    ),
    target: take(labels),
    unit: Uint32Array.from(rows, (row) => unit[row]!),
    ...(time === undefined ? {} : { time: ranks(take(chunk.columns[time]!)) }),
    unlabelled,
  };
}
