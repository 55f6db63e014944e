/** Labels of a target: counting, checking, weighting and indexing them. */
import { MonbanError, show } from '../core/fault.js';
import type { Values } from '../data/column.js';
import type { Truth } from './objective.js';

/** An option `classWeights`. */
export type ClassWeights = 'none' | 'balanced' | Readonly<Record<string, number>>;

type Label = string | number | null;

function labelAt(values: Values, row: number): Label {
  const value = values[row] as Label | readonly string[];
  if (value === null || Array.isArray(value) || Number.isNaN(value)) return null;
  return value as Label;
}

/** How many rows each label has. */
export function countLabels(target: Values): Map<string | number, number> {
  const counts = new Map<string | number, number>();
  for (let row = 0; row < target.length; row++) {
    const label = labelAt(target, row);
    if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

/** Sorts labels. */
export const rising = (a: string | number, b: string | number): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** Labels of BOOLEAN columns, which other files and older bundles may hold as numbers. */
const sameLabels: Readonly<Record<string, string>> = {
  false: '0',
  true: '1',
  0: 'false',
  1: 'true',
};

/** Throws MonbanError at `where` for a target from which no classes can be learned. */
export function checkLabels(
  counts: Map<string | number, number>,
  rows: number,
  where: string,
): void {
  if (rows === 0) throw new MonbanError({ where, expected: 'training rows', found: 'none' });
  const expected = 'a target with at least two classes';
  if (counts.size === 0) {
    const todo = 'name a column that holds the answers';
    throw new MonbanError({ where, expected, found: 'only missing values', todo });
  }
  if (counts.size === 1) {
    const found = `one class, ${show([...counts.keys()][0])}`;
    throw new MonbanError({
      where,
      expected,
      found,
      todo: 'nothing can be learned from one class',
    });
  }
  if (counts.size > 20 && counts.size > rows / 2) {
    const found = `${counts.size} classes in ${rows} rows`;
    const todo = [...counts.keys()].every((label) => typeof label === 'number')
      ? 'for amounts write "objective: regression"; otherwise name a column with repeated labels'
      : 'name a column with repeated labels, or remove the identifiers from it';
    throw new MonbanError({ where, expected: 'classes that repeat', found, todo });
  }
}

/** The weight of each class in training; throws MonbanError for a label that is not there. */
export function weightsOf(
  option: ClassWeights,
  labels: readonly (string | number)[],
  counts: number[],
  where: string,
): number[] {
  if (option === 'none') return labels.map(() => 1);
  const rows = counts.reduce((a, b) => a + b, 0);
  if (option === 'balanced') return counts.map((count) => rows / (labels.length * count));
  const unknown = Object.keys(option).find(
    (name) => !labels.some((label) => String(label) === name),
  );
  if (unknown !== undefined) {
    const expected = `labels of the target: ${labels.slice(0, 10).join(', ')}`;
    throw new MonbanError({ where: `${where} classWeights`, expected, found: show(unknown) });
  }
  return labels.map((label) => option[String(label)] ?? 1);
}

/** The place of each row's label among `labels`; NaN where it is missing or not among them. */
export function indexLabels(target: Values, labels: readonly (string | number)[]): Truth {
  const index = new Map(labels.map((label, i) => [String(label), i]));
  return Float64Array.from({ length: target.length }, (_, row) => {
    const label = labelAt(target, row);
    if (label === null) return Number.NaN;
    const other = sameLabels[String(label)];
    const same = other === undefined ? undefined : index.get(other);
    return index.get(String(label)) ?? same ?? Number.NaN;
  });
}
