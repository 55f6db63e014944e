/** Guesses the kinds of the fields and of the target from the data. */
import { MonbanError, show } from '../core/fault.js';
import type { ColumnInfo } from './column.js';
import type { Dataset } from './dataset.js';
import { requireColumns } from './key.js';
import { type InferredKind, judge } from './kind-rule.js';
import { type Profile, profileColumn } from './profile.js';
import { quoteName } from './sql.js';

export interface InferredField {
  readonly column: string;
  readonly kind: InferredKind;
  readonly reason: string;
}

export interface InferredTarget {
  readonly column: string;
  /** For classification: labels and their numbers of rows, the most frequent first. */
  readonly classes?: readonly (readonly [label: string, count: number])[];
  readonly objective: 'classification' | 'regression';
}

export interface Inference {
  readonly rows: number;
  /** Every column but the target. */
  readonly fields: readonly InferredField[];
  readonly target?: InferredTarget;
}

const defaultSample = 100_000;
/** Whole numbers with at most this many levels that follow each other are labels. */
const mostCodes = 12;

/** Looks at a sample of the rows; throws MonbanError for a target that is not there, is a list or never differs. */
export async function inferKinds(
  dataset: Dataset,
  options: { readonly target?: string; readonly sample?: number } = {},
): Promise<Inference> {
  const sample = options.sample ?? defaultSample;
  const { target } = options;
  if (target !== undefined) requireColumns(dataset.columns, [target], 'target');
  const fields: InferredField[] = [];
  for (const column of dataset.columns) {
    if (column.name === target) continue;
    const verdict = judge(await profileColumn(dataset, column, sample));
    fields.push({ column: column.name, ...verdict });
  }
  const rows = await dataset.rows();
  if (target === undefined) return { rows, fields };
  const column = dataset.columns.find((other) => other.name === target)!;
  return { rows, fields, target: await inferTarget(dataset, column, sample) };
}

async function inferTarget(
  dataset: Dataset,
  column: ColumnInfo,
  sample: number,
): Promise<InferredTarget> {
  if (column.storage === 'list') {
    throw new MonbanError({
      where: `target ${column.name}`,
      expected: 'a column of numbers or of labels',
      found: column.type,
      todo: 'choose another column',
    });
  }
  const profile = await profileColumn(dataset, column, sample);
  if (!isLabel(profile) && profile.distinct > 1)
    return { column: column.name, objective: 'regression' };
  const name = quoteName(column.name);
  const given = column.storage === 'text' ? name : `nullif(${name}::DOUBLE, 'NaN'::DOUBLE)`;
  const counts = await dataset.sql(`SELECT ${name}::VARCHAR AS label, count(*) AS n FROM {data}
    WHERE ${given} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1`);
  const classes = counts.map((row) => [String(row.label), Number(row.n)] as const);
  if (classes.length < 2) {
    throw new MonbanError({
      where: `target ${column.name}`,
      expected: 'at least two different values',
      found: classes.length === 0 ? 'only missing values' : `only ${show(classes[0]![0])}`,
      todo: 'choose another column, or data that shows more than one answer',
    });
  }
  return { column: column.name, classes, objective: 'classification' };
}

function isLabel({ column, numbers, distinct }: Profile): boolean {
  // A text beside numbers may be a label of its own.
  if (numbers === undefined || column.storage === 'text' || column.type === 'BOOLEAN') return true;
  const { whole, min, max } = numbers;
  return whole && distinct <= mostCodes && (distinct === 2 || max - min + 1 === distinct);
}
