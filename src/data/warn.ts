/** Warnings about data before anything is trained on it. */
import { amountWarnings } from './amount-warning.js';
import type { Dataset } from './dataset.js';
import { countDuplicates } from './duplicate.js';
import type { Inference, InferredField, InferredTarget } from './infer.js';
import { leakage } from './leak.js';
import { shiftOf } from './shift.js';
import { type Split, testCondition } from './split.js';
import { quoteName } from './sql.js';

export interface Warning {
  readonly code:
    | 'leak'
    | 'duplicates'
    | 'imbalance'
    | 'shift'
    | 'few-rows'
    | 'many-classes'
    | 'missing-target'
    | 'infinite'
    | 'skew';
  readonly column?: string;
  /** One sentence with figures and what to do. */
  readonly message: string;
}

const sampleRows = 100_000;
/** A field that settles this share of the target is suspicious. */
const leaking = 0.95;
const fewRows = 1000;
const rareShare = 0.01;
const rareRows = 10;
/** Repeated rows up to this share are normal. */
const duplicateShare = 0.01;

/** Looks for leaks, repeated rows, rare classes, shifts and too few rows; a few seconds at most. */
export async function warnings(
  dataset: Dataset,
  inference: Inference,
  options: { readonly target?: string; readonly split?: Split } = {},
): Promise<Warning[]> {
  const { split } = options;
  const target = inference.target;
  const fields = inference.fields.filter(
    ({ kind, column }) => kind !== 'skip' && column !== options.target,
  );
  const test = split === undefined ? undefined : await testCondition(dataset, split);
  const found = [...rowWarnings(inference.rows)];
  if (target !== undefined) {
    found.push(...(await targetWarnings(dataset, target, inference.rows)));
    found.push(...(await leakWarnings(dataset, fields, target)));
  }
  found.push(...(await duplicateWarnings(dataset, fields, inference.rows, test)));
  if (test === undefined) return found;
  const cut = split !== undefined && 'column' in split ? [split.column].flat() : [];
  const others = fields.filter(({ column }) => !cut.includes(column));
  found.push(...(await shiftWarnings(dataset, others, test)));
  return found;
}

function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return 'below 0.1 %';
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

function rowWarnings(rows: number): Warning[] {
  if (rows >= fewRows) return [];
  const advice = 'treat scores as rough and collect more';
  return [{ code: 'few-rows', message: `There are only ${rows} rows; ${advice}.` }];
}

async function targetWarnings(
  dataset: Dataset,
  target: InferredTarget,
  rows: number,
): Promise<Warning[]> {
  const found: Warning[] = [];
  const { column } = target;
  const [row] = await dataset.sql(`SELECT count(${quoteName(column)}) AS n FROM {data}`);
  const missing = rows - Number(row?.n);
  if (missing > 0) {
    const message = `The target "${column}" is missing in ${missing} of ${rows} rows; training leaves these rows out.`;
    found.push({ code: 'missing-target', column, message });
  }
  if (target.classes === undefined) found.push(...(await amountWarnings(dataset, column)));
  const classes = target.classes ?? [];
  if (classes.length > 20 && classes.length > 0.2 * rows) {
    const message = `The target "${column}" has ${classes.length} classes in ${rows} rows, so most stand once; choose another target.`;
    found.push({ code: 'many-classes', column, message });
    return found;
  }
  const rare = classes.filter(([, count]) => count < rareShare * rows || count < rareRows);
  if (rare.length > 0) {
    const [label, count] = rare.at(-1)!;
    const others =
      rare.length > 1 ? `, one of ${rare.length} rare ones among ${classes.length} classes` : '';
    const message = `The class "${label}" has ${count} of ${rows} rows (${percent(count / rows)})${others}; read macro scores, or merge rare classes.`;
    found.push({ code: 'imbalance', column, message });
  }
  return found;
}

async function leakWarnings(
  dataset: Dataset,
  fields: readonly InferredField[],
  target: InferredTarget,
): Promise<Warning[]> {
  const found: Warning[] = [];
  for (const field of fields) {
    const gain = await leakage(dataset, field, target, sampleRows);
    if (gain <= leaking) continue;
    const { column } = field;
    const measure = target.objective === 'classification' ? 'of the errors' : 'of the variance';
    const message = `"${column}" alone removes ${percent(gain)} ${measure} in "${target.column}" on held-out rows; leave it out unless it is known before the target is.`;
    found.push({ code: 'leak', column, message });
  }
  return found;
}

async function duplicateWarnings(
  dataset: Dataset,
  fields: readonly InferredField[],
  rows: number,
  test: string | undefined,
): Promise<Warning[]> {
  if (fields.length === 0) return [];
  const names = fields.map((field) => field.column);
  const counts = await countDuplicates(dataset, names, test);
  const found: Warning[] = [];
  if (counts.test > 0 && counts.shared > duplicateShare * counts.test) {
    const share = percent(counts.shared / counts.test);
    const message = `${counts.shared} of ${counts.test} test rows (${share}) stand in the training rows with the same fields; split by a key that keeps equal rows together.`;
    found.push({ code: 'duplicates', message });
  } else if (counts.repeated > duplicateShare * rows) {
    const share = percent(counts.repeated / rows);
    const message = `${counts.repeated} of ${rows} rows (${share}) repeat the fields of another row; remove them, or split by a key that keeps them together.`;
    found.push({ code: 'duplicates', message });
  }
  return found;
}

const comparable: readonly string[] = ['number', 'category', 'text', 'ids', 'log'];

async function shiftWarnings(
  dataset: Dataset,
  fields: readonly InferredField[],
  test: string,
): Promise<Warning[]> {
  const found: Warning[] = [];
  for (const field of fields.filter(({ kind }) => comparable.includes(kind))) {
    const { index, limit, present } = await shiftOf(dataset, field, test);
    if (index <= limit) continue;
    const { column } = field;
    const [before, after] = present.map(percent);
    const message = `"${column}" differs between training and test rows (stability index ${index.toFixed(2)}, at most ${limit.toFixed(2)} by chance; present in ${before} and ${after}); check whether it will differ in use as well.`;
    found.push({ code: 'shift', column, message });
  }
  return found;
}
