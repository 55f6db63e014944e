/** Clones: one expert of a spec that became several of the same kind. */
import { cloneName } from './cross-check.js';
import type { ExpertPlan, Plan } from './plan.js';

/** The expert of the spec that an expert was made of. */
export function specName({ name, cloneOf }: ExpertPlan): string {
  return cloneOf?.name ?? name;
}

/** What a spec gives to an expert by name, in even parts for its clones. */
export function perClone(
  expert: ExpertPlan,
  given: Readonly<Record<string, number>>,
): number | undefined {
  const value = given[specName(expert)];
  return value === undefined ? undefined : value / (expert.cloneOf?.count ?? 1);
}

/** The plan with one expert replaced by its clones, in its place. */
export function withClones(plan: Plan, name: string): Plan {
  const experts = plan.experts.flatMap((expert): ExpertPlan[] => {
    if (expert.name !== name) return [expert];
    const { clones, ...rest } = expert;
    return Array.from({ length: clones }, (_, i) => ({
      ...rest,
      clones: 1,
      name: cloneName(name, i),
      cloneOf: { name, count: clones },
    }));
  });
  return { ...plan, experts };
}

/** Shares of the load by expert, what the clones of one expert have together dealt out evenly. */
export function evenAmongClones(shares: readonly number[], { experts }: Plan): number[] {
  return experts.map((expert) => {
    const group = experts.flatMap((other, e) =>
      specName(other) === specName(expert) ? [shares[e]!] : [],
    );
    return group.reduce((a, b) => a + b, 0) / group.length;
  });
}
