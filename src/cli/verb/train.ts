/** `monban train`: trains a spec into a bundle. */
import { MonbanError, show } from '../../core/fault.js';
import type { Plan } from '../../mixture/plan.js';
import { readSpec } from '../../mixture/spec-file.js';
import { print, printJson } from '../output.js';
import { trainTo } from '../training.js';

/** The plan with another seed, where one is given. */
export function withSeed(plan: Plan, seed: unknown): Plan {
  if (seed === undefined) return plan;
  const value = Number(seed);
  if (!Number.isInteger(value) || value < 0) {
    throw new MonbanError({
      where: '--seed',
      expected: 'a whole number of at least 0',
      found: show(seed),
    });
  }
  return { ...plan, spec: { ...plan.spec, training: { ...plan.spec.training, seed: value } } };
}

export async function run([spec]: string[], options: Record<string, unknown>): Promise<number> {
  const plan = withSeed(readSpec(spec!), options.seed);
  const out = String(options.out);
  const bundle = await trainTo(plan, spec!, out, { fresh: options.fresh === true });
  const bytes = bundle.manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  if (options.json === true) printJson({ bundle: out, id: bundle.id, bytes, card: bundle.card });
  else {
    print(Buffer.from(bundle.file('card.md')).toString().trimEnd());
    print(`\n${out}: ${(bytes / 1e6).toFixed(1)} MB, id ${bundle.id.slice(0, 12)}`);
    print(
      `Next: monban evaluate ${out} DATA | monban predict ${out} DATA | monban explain ${out} RECORD.json`,
    );
  }
  return 0;
}
