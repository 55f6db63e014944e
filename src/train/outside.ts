/** What experts read from outside: loaded and checked before anything is trained. */
import { type Fault, MonbanError } from '../core/fault.js';
import type { FieldPorts } from '../expert/expert.js';
import { experts } from '../expert/experts.js';
import { type Aim, adoptedBy } from '../mixture/expert-parts.js';
import type { Plan } from '../mixture/plan.js';
import { shareArray } from './shared-memory.js';

/** What a call finds wrong; other errors pass. */
function faultsOf(call: () => unknown): readonly Fault[] {
  try {
    call();
  } catch (error) {
    if (error instanceof MonbanError) return error.faults;
    throw error;
  }
  return [];
}

/** Bytes go to workers without a copy. */
function shareBytes(loaded: unknown): unknown {
  if (typeof loaded !== 'object' || loaded === null) return loaded;
  return Object.fromEntries(
    Object.entries(loaded).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? shareArray(value) : value,
    ]),
  );
}

/** Loads what experts need, by expert, undefined where that is nothing; throws with every fault. */
export async function loadExperts(plan: Plan, base: string): Promise<unknown[]> {
  const loading = plan.experts.map(async ({ kind, config, name }) =>
    shareBytes(await experts.get(kind).load?.(config, base, `experts.${name}`)),
  );
  const settled = await Promise.allSettled(loading);
  const faults = settled.flatMap((one) => {
    if (one.status === 'fulfilled') return [];
    if (one.reason instanceof MonbanError) return one.reason.faults;
    throw one.reason;
  });
  if (faults.length > 0) throw new MonbanError(faults);
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
}

/** Throws MonbanError with everything that does not fit between spec, fields, target and models. */
export function checkExperts(
  plan: Plan,
  aim: Aim,
  fields: FieldPorts,
  loaded: readonly unknown[],
): void {
  const faults = plan.experts.flatMap(({ kind, config, name }, e): readonly Fault[] => {
    if (loaded[e] === undefined) return [];
    const expert = experts.get(kind);
    const given = { fields, loaded: loaded[e] };
    const found = expert.check?.(config, given, `experts.${name}`) ?? [];
    const model = faultsOf(() => {
      const built = expert.build(aim.objective.outputs(aim.state), config, given);
      if (built.by === 'nothing') adoptedBy(aim, built, name);
    });
    // What cannot be built was said by the check already.
    return [...found, ...model.filter(({ where }) => where.startsWith('experts.'))];
  });
  if (faults.length > 0) throw new MonbanError(faults);
}
