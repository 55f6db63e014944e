/** Checks a spec against the registries, all faults at once, and fills in the kinds' defaults. */
import type { z } from 'zod';
import { type Fault, MonbanError } from '../core/fault.js';
import type { Registry } from '../core/registry.js';
import { encoders } from '../encoder/encoders.js';
import type { Schedule } from '../expert/expert.js';
import { experts as expertKinds } from '../expert/experts.js';
import { gates } from '../gate/gates.js';
import type { Learning } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { crossCheck, unknownName } from './cross-check.js';
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
