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
  /** What a gate needs to be told, where that is anything. */
  readonly gate?: Readonly<Record<string, unknown>>;
  /** Columns that are left out, with the reason. */
  readonly left: readonly SeenField[];
}

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

/** Experts made for some kinds of field, by the names that a spec gives them. */
interface Family {
  readonly kinds: readonly string[];
  readonly experts: Readonly<Record<string, unknown>>;
  /** True where the linear expert can read these kinds too; the fusion expert reads all. */
  readonly linear: boolean;
}

const families: readonly Family[] = [
  { kinds: ['text'], experts: { words: 'text' }, linear: true },
  { kinds: ['ids'], experts: { links: 'ids' }, linear: true },
  { kinds: ['log'], experts: { lines: 'log' }, linear: true },
  { kinds: ['series'], experts: { kernels: 'rocket', waves: 'tcn' }, linear: true },
  { kinds: ['image'], experts: { look: 'image' }, linear: false },
  { kinds: ['number', 'category', 'time'], experts: { table: 'tabular' }, linear: true },
];

/** Beyond so many fields every expert is large enough as it is. */
const manyFields = 64;

/** Where there is only one family of kinds: others for it, most of them the same in other sizes. */
const sizes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  table: { wide: { kind: 'tabular', width: 384, dropout: 0.2 }, trees: 'trees' },
  words: { small: { kind: 'text', width: 16, hidden: 32 } },
  lines: { small: { kind: 'log', width: 16, hidden: 32 } },
  kernels: { table: 'tabular' },
  look: { look: { kind: 'image', size: 'large' }, glance: { kind: 'image', size: 'small' } },
};
/** Of several sizes this one is cheap and nearly as good on most records: it runs on all. */
const sharedExpert = 'glance';

/** Experts for the kinds that are there: unequal ones, of which the gate may choose half. */
export function proposeExperts(
  kinds: ReadonlySet<string>,
  objective = 'classification',
  fields = kinds.size,
): Record<string, unknown> {
  // What an objective wants of experts it sets itself.
  const own = Object.keys(objectives.get(objective, 'objective').learning.options);
  const experts = Object.entries(expertsFor(kinds, fields)).map(
    ([name, expert]): [string, unknown] => {
      if (typeof expert !== 'object' || expert === null) return [name, expert];
      return [
        name,
        Object.fromEntries(Object.entries(expert).filter(([key]) => !own.includes(key))),
      ];
    },
  );
  return Object.fromEntries(experts);
}

/** A gate for proposed experts, where it needs to be told anything. */
export function proposeGate(experts: Readonly<Record<string, unknown>>): Pick<Proposal, 'gate'> {
  return sharedExpert in experts ? { gate: { shared: sharedExpert } } : {};
}

function expertsFor(kinds: ReadonlySet<string>, fields: number): Record<string, unknown> {
  const here = families.filter((family) => family.kinds.some((kind) => kinds.has(kind)));
  const own: Record<string, unknown> = Object.assign({}, ...here.map(({ experts }) => experts));
  const readers = {
    ...(here.some((family) => family.linear) ? { linear: 'linear' } : {}),
    ...(here.length > 1 ? { fusion: 'fusion' } : {}),
  };
  if (here.length > 1) return { ...readers, ...own };
  const others = Object.keys(own)
    .flatMap((name) => Object.entries(sizes[name] ?? {}))
    .filter(([name]) => name !== 'wide' || fields <= manyFields);
  return { ...readers, ...own, ...Object.fromEntries(others) };
}

/** Fields and experts for inferred columns; what no encoder reads is left out and said. */
export function propose(seen: readonly SeenField[], objective?: string): Proposal {
  const fields: Record<string, unknown> = {};
  const left: SeenField[] = [];
  const kinds = new Set<string>();
  for (const field of seen) {
    const { kind } = field;
    if (!encoders.has(kind)) {
      left.push(field);
      continue;
    }
    const name = fieldName(field.column, new Set(Object.keys(fields)));
    fields[name] = name === field.column ? kind : { kind, column: field.column };
    kinds.add(kind);
  }
  const experts = proposeExperts(kinds, objective, Object.keys(fields).length);
  return { fields, experts, ...proposeGate(experts), left };
}
