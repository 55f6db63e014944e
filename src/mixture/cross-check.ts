/** Faults that lie between the parts of a spec: names that are nowhere, options that exclude each other. */
import { type Fault, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import { experts as expertKinds } from '../expert/experts.js';
import type { Spec } from './spec.js';

/** A fault where a name is none of those known. */
export function unknownName(
  where: string,
  name: string,
  what: string,
  known: readonly string[],
): Fault[] {
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
export function crossCheck(spec: Spec, fields: string[], experts: string[]): Fault[] {
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
  faults.push(...cloneFaults(spec, experts), ...scheduleFaults(spec));
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
