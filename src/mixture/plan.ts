/** Checks a spec against the registries, all faults at once, and fills in the kinds' defaults. */
import type { z } from 'zod';
import { type Fault, MonbanError, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import type { Registry } from '../core/registry.js';
import { encoders } from '../encoder/encoders.js';
import type { Schedule } from '../expert/expert.js';
import { experts as expertKinds } from '../expert/experts.js';
import { gates } from '../gate/gates.js';
import type { Learning } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { mend, namesIn } from './mend.js';
import { type SchemaView, schemaView } from './schema-view.js';
import { type BalanceSpec, type ExpertSpec, type GateSpec, type Spec, specSchema } from './spec.js';
import { toFaults } from './spec-faults.js';

export interface FieldPlan {
  readonly name: string;
  readonly column: string;
  readonly kind: string;
  readonly config: unknown;
}

export interface ExpertPlan {
  readonly name: string;
  readonly kind: string;
  readonly config: unknown;
  readonly reads?: readonly string[];
  readonly needs: 'any' | 'all';
  readonly schedule: Schedule;
  /** Copies that may specialise in a joint phase; 1 for none. */
  readonly clones: number;
  /** The expert of the spec of which this is a clone, and how many there are. */
  readonly cloneOf?: { readonly name: string; readonly count: number };
}

export interface GatePlan extends Omit<GateSpec, 'kind' | 'balance'> {
  /** A kind, or `auto`: the simplest learned gate that check rows cannot tell from the best. */
  readonly kind: string;
  readonly config: unknown;
  readonly balance: BalanceSpec;
}

/** A spec that was checked, with every option of every kind filled in. */
export interface Plan {
  readonly spec: Spec;
  readonly fields: readonly FieldPlan[];
  readonly objective: { readonly kind: string; readonly config: unknown };
  readonly experts: readonly ExpertPlan[];
  readonly gate: GatePlan;
}

/** The gates that `auto` chooses among, simplest first. */
export const automaticGates: readonly string[] = ['static', 'linear', 'mlp'];

type Json = Record<string, unknown>;

const specView = schemaView(specSchema);

const commonKeys = {
  field: ['kind', 'column'],
  expert: ['kind', 'reads', 'needs', 'clones', 'training'],
  gate: specView.keys(['gate']),
  objective: ['kind'],
};

interface Kind {
  readonly kind: string;
  readonly config: z.ZodType;
}

/** Parses the options of a kind out of a loose object; faults go to `faults`. */
function kindConfig(
  registry: Registry<Kind>,
  given: Json,
  common: readonly string[],
  path: string[],
  faults: Fault[],
): unknown {
  let kind: Kind;
  try {
    kind = registry.get(String(given.kind), [...path, 'kind'].join('.'));
  } catch (error) {
    faults.push(...(error as MonbanError).faults);
    return undefined;
  }
  const own = Object.fromEntries(Object.entries(given).filter(([key]) => !common.includes(key)));
  const parsed = kind.config.safeParse(own);
  if (parsed.success) return parsed.data;
  const view = schemaView(kind.config);
  const withCommon: SchemaView = {
    ...view,
    keys: (at) => (at.length === 0 ? [...common, ...view.keys(at)] : view.keys(at)),
  };
  for (const issue of parsed.error.issues) {
    for (const fault of toFaults(issue, own, withCommon)) {
      faults.push({ ...fault, where: [...path, fault.where].join('.') });
    }
  }
  return undefined;
}

function unknownName(where: string, name: string, what: string, known: readonly string[]): Fault[] {
  if (known.includes(name)) return [];
  const close = nearest(name, known);
  const todo =
    close === undefined ? `add it to the ${what}s, or remove it here` : `did you mean "${close}"?`;
  return [
    {
      where,
      expected: `one of the ${what}s ${known.slice(0, 12).join(', ')}`,
      found: show(name),
      todo,
    },
  ];
}

/** The name of a clone, counted from 1. */
export function cloneName(name: string, index: number): string {
  return `${name}-${index + 1}`;
}

/** Clones need names of their own; what runs on every record, or is never trained, cannot specialise. */
function cloneFaults({ experts, gate }: Spec, names: readonly string[]): Fault[] {
  return Object.entries(experts).flatMap(([name, { kind, clones }]): Fault[] => {
    if (clones === 1) return [];
    const where = `experts.${name}.clones`;
    const own = Array.from({ length: clones }, (_, i) => cloneName(name, i));
    const taken = own.find((one) => names.includes(one));
    const expected = 'names for the clones that no other expert has';
    const shared = { where, expected: '1 for the shared expert', found: show(clones) };
    const known = expertKinds.has(kind) ? expertKinds.get(kind) : undefined;
    const stiff = {
      ...{ where, found: show(clones) },
      ...(known?.fitted === true
        ? {
            expected: `1 for the kind ${kind}, which takes no gradient steps`,
            todo: 'remove it: clones specialise step by step',
          }
        : {
            expected: `1 for the kind ${kind}, which is not trained`,
            todo: 'remove it: clones that nothing trains stay alike',
          }),
    };
    return [
      ...(taken === undefined ? [] : [{ where, expected, found: show(taken), todo: 'rename it' }]),
      ...(gate.shared === name ? [shared] : []),
      ...(known?.frozen === true || known?.fitted === true ? [stiff] : []),
    ];
  });
}

/** Kinds that take no gradient steps have no schedule that a spec could set. */
function scheduleFaults({ experts }: Spec): Fault[] {
  return Object.entries(experts).flatMap(([name, { kind, training }]): Fault[] => {
    const known = expertKinds.has(kind) ? expertKinds.get(kind) : undefined;
    const set = Object.keys(training);
    if (set.length === 0 || (known?.frozen !== true && known?.fitted !== true)) return [];
    return [
      {
        where: `experts.${name}.training`,
        expected: `nothing for the kind ${kind}, which takes no gradient steps`,
        found: set.join(', '),
        todo: 'remove it; "monban kinds" lists the options of the kind itself',
      },
    ];
  });
}

/** Names that must exist elsewhere in the spec; all names of fields and experts are given. */
function crossCheck(spec: Spec, fields: string[], experts: string[]): Fault[] {
  const faults: Fault[] = [];
  const check = (where: string, names: readonly string[], what: string, known: string[]) => {
    names.forEach((name, i) => {
      faults.push(...unknownName(`${where}[${i}]`, name, what, known));
    });
  };
  if (fields.length === 0)
    faults.push({
      where: 'fields',
      expected: 'at least one field',
      found: 'none',
      todo: 'run "monban init" to have them guessed',
    });
  if (experts.length === 0)
    faults.push({
      where: 'experts',
      expected: 'at least one expert',
      found: 'none',
      todo: 'add for example "linear: linear"',
    });
  for (const [name, field] of Object.entries(spec.fields)) {
    if ((field.column ?? name) !== spec.data.target) continue;
    faults.push({
      where: `fields.${name}`,
      expected: 'an input, not the target',
      found: show(spec.data.target),
      todo: 'remove it: a model that reads its target learns nothing',
    });
  }
  for (const [name, expert] of Object.entries(spec.experts)) {
    check(`experts.${name}.reads`, expert.reads ?? [], 'field', fields);
  }
  check('gate.reads', spec.gate.reads ?? [], 'field', fields);
  for (const [name, group] of Object.entries(spec.training.hide?.groups ?? {})) {
    check(`training.hide.groups.${name}`, group, 'field', fields);
  }
  if (spec.gate.shared !== undefined)
    faults.push(...unknownName('gate.shared', spec.gate.shared, 'expert', experts));
  faults.push(...cloneFaults(spec, experts));
  if (spec.gate.shared !== undefined && spec.gate.balance.targets !== undefined)
    faults.push({
      where: 'gate.balance.targets',
      expected: 'none beside gate.shared',
      found: show(spec.gate.balance.targets),
      todo: 'remove them: beside a shared expert others are asked where they gain',
    });
  for (const name of Object.keys(spec.gate.balance.targets ?? {}))
    faults.push(...unknownName(`gate.balance.targets.${name}`, name, 'expert', experts));
  for (const name of Object.keys(spec.reward?.experts ?? {}))
    faults.push(...unknownName(`reward.experts.${name}`, name, 'expert', experts));
  const cut = spec.data.split;
  if (cut?.by === 'time' && (cut.from === undefined) === (cut.share === undefined)) {
    faults.push({
      where: 'data.split',
      expected: 'either "from" or "share"',
      found: cut.from === undefined ? 'neither' : 'both',
    });
  }
  const tests = cut?.by === 'hash' ? [cut.test].flat() : [];
  if (cut?.by === 'hash' && tests.some((fold) => fold >= cut.folds)) {
    faults.push({
      where: 'data.split.test',
      expected: `folds below ${cut.folds}`,
      found: show(cut.test),
    });
  }
  return faults;
}

/** Where sources are hidden at random every pass shows other rows, so that twice as many pay. */
const passesWhereHidden = 2;

function schedule({ kind, training: given }: ExpertSpec, learning?: Learning, hides = false) {
  const base = expertKinds.has(kind) ? expertKinds.get(kind).schedule : undefined;
  const times = hides ? passesWhereHidden : 1;
  const own = base && (learning?.schedule(base) ?? base);
  const passes = own && { epochs: own.epochs * times, patience: own.patience * times };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...base, ...passes, ...Object.fromEntries(set) } as Schedule;
}

/** An expert as the spec gives it, with the options that the objective wants and its kind has. */
function withOptions(expert: ExpertSpec, learning?: Learning): ExpertSpec {
  if (learning === undefined || !expertKinds.has(expert.kind)) return expert;
  const known = schemaView(expertKinds.get(expert.kind).config).keys([]);
  const wanted = Object.entries(learning.options).filter(([name]) => known.includes(name));
  return { ...Object.fromEntries(wanted), ...expert };
}

/** One fault per place: the schema's word, which comes first, is the more exact one. */
function withoutRepeats(faults: readonly Fault[]): Fault[] {
  const places = new Set<string>();
  return faults.filter(({ where }) => !places.has(where) && places.add(where));
}

/** Checks a spec given as plain data; throws MonbanError with every fault. */
export function plan(input: unknown): Plan {
  const parsed = specSchema.safeParse(input);
  const faults = (parsed.error?.issues ?? []).flatMap((issue) => toFaults(issue, input, specView));
  const spec = parsed.data ?? mend(specSchema, input);
  if (spec === undefined) throw new MonbanError(faults);
  faults.push(...crossCheck(spec, namesIn(input, 'fields'), namesIn(input, 'experts')));
  faults.push(...scheduleFaults(spec));
  const kindOf = (
    registry: unknown,
    given: unknown,
    common: keyof typeof commonKeys,
    path: string[],
  ) => kindConfig(registry as Registry<Kind>, given as Json, commonKeys[common], path, faults);
  const fields = Object.entries(spec.fields).map(([name, field]) => ({
    name,
    column: field.column ?? name,
    kind: field.kind,
    config: kindOf(encoders, field, 'field', ['fields', name]),
  }));
  const { kind: target } = spec.objective;
  const learning = objectives.has(target) ? objectives.get(target).learning : undefined;
  const experts = Object.entries(spec.experts).map(([name, expert]) => ({
    name,
    kind: expert.kind,
    config: kindOf(expertKinds, withOptions(expert, learning), 'expert', ['experts', name]),
    ...(expert.reads === undefined ? {} : { reads: expert.reads }),
    needs: expert.needs,
    clones: expert.clones,
    schedule: schedule(expert, learning, spec.training.hide !== undefined),
  }));
  const objective = {
    kind: spec.objective.kind,
    config: kindOf(objectives, spec.objective, 'objective', ['objective']),
  };
  const gate = spec.gate.kind === 'auto' ? undefined : kindOf(gates, spec.gate, 'gate', ['gate']);
  if (spec.gate.kind === 'auto') {
    for (const key of Object.keys(spec.gate).filter((key) => !commonKeys.gate.includes(key))) {
      faults.push(...unknownName(`gate.${key}`, key, 'key', commonKeys.gate));
    }
  }
  if (faults.length > 0) throw new MonbanError(withoutRepeats(faults));
  return { spec, fields, objective, experts, gate: { ...spec.gate, config: gate } };
}
