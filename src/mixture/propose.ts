/** Proposes fields and experts for a table that was looked at: what `monban init` writes. */
import { encoders } from '../encoder/encoders.js';
import { objectives } from '../objective/objectives.js';

export interface SeenField {
  readonly column: string;
  readonly kind: string;
  readonly reason: string;
}

export interface Proposal {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly experts: Readonly<Record<string, unknown>>;
  /** Columns that are left out, with the reason. */
  readonly left: readonly SeenField[];
}

/** Kinds that no encoder reads yet, and the kind that stands in for them. */
const standIn: Readonly<Record<string, string>> = { log: 'text' };

const plainName = /^[\p{L}\p{N}_][\p{L}\p{N}_ .-]*$/u;

/** A name that a spec accepts for a column of any name. */
function fieldName(column: string, taken: ReadonlySet<string>): string {
  const base = plainName.test(column)
    ? column
    : column.replace(/[^\p{L}\p{N}_ .-]+/gu, '_').replace(/^[ .-]+/u, '_');
  let name = base === '' ? 'field' : base;
  for (let i = 2; taken.has(name); i++) name = `${base}_${i}`;
  return name;
}

const tables = {
  table: 'tabular',
  wide: { kind: 'tabular', width: 384, dropout: 0.2 },
  small: { kind: 'tabular', width: 64, depth: 1 },
};

/** Experts for the kinds that are there: unequal ones, of which the gate may choose half. */
export function proposeExperts(
  kinds: ReadonlySet<string>,
  objective = 'classification',
): Record<string, unknown> {
  // What an objective wants of experts it sets itself.
  const own = Object.keys(objectives.get(objective, 'objective').learning.options);
  const experts = Object.entries(expertsFor(kinds)).map(([name, expert]): [string, unknown] => {
    if (typeof expert !== 'object' || expert === null) return [name, expert];
    return [name, Object.fromEntries(Object.entries(expert).filter(([key]) => !own.includes(key)))];
  });
  return Object.fromEntries(experts);
}

function expertsFor(kinds: ReadonlySet<string>): Record<string, unknown> {
  const dense = kinds.has('number') || kinds.has('category');
  const shown = kinds.has('image');
  const families =
    Number(dense) + Number(kinds.has('text')) + Number(kinds.has('ids')) + Number(shown);
  if (families === 1 && dense) return { linear: 'linear', ...tables };
  if (families === 1 && kinds.has('text')) {
    return { linear: 'linear', words: 'text', small: { kind: 'text', width: 16, hidden: 32 } };
  }
  if (families === 1 && shown) {
    return { glance: { kind: 'image', size: 'small' }, look: { kind: 'image', size: 'large' } };
  }
  const readers = families - Number(shown);
  return {
    linear: 'linear',
    ...(readers > 1 ? { fusion: 'fusion' } : {}),
    ...(kinds.has('text') ? { words: 'text' } : {}),
    ...(kinds.has('ids') ? { links: 'ids' } : {}),
    ...(dense ? { table: 'tabular' } : {}),
    ...(shown ? { look: 'image' } : {}),
  };
}

/** Fields and experts for inferred columns; what no encoder reads is left out and said. */
export function propose(seen: readonly SeenField[], objective?: string): Proposal {
  const fields: Record<string, unknown> = {};
  const left: SeenField[] = [];
  const kinds = new Set<string>();
  for (const field of seen) {
    const kind = standIn[field.kind] ?? field.kind;
    if (!encoders.has(kind)) {
      left.push(field);
      continue;
    }
    const name = fieldName(field.column, new Set(Object.keys(fields)));
    fields[name] = name === field.column ? kind : { kind, column: field.column };
    kinds.add(kind);
  }
  return { fields, experts: proposeExperts(kinds, objective), left };
}
