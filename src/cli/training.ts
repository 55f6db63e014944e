/** Trains a spec file into a folder, with progress and a clean stop; shared by verbs. */
import { dirname, resolve } from 'node:path';
import { MonbanError } from '../core/fault.js';
import { openDataset } from '../data/dataset.js';
import { type Bundle, checkWritable, saveBundle } from '../mixture/bundle.js';
import type { Plan } from '../mixture/plan.js';
import { readRows } from '../train/rows.js';
import { train } from '../train/train.js';
import { progress } from './progress.js';

/** The data source of a plan, opened from the folder of its spec. */
export function openSource(plan: Plan, spec: string) {
  return openDataset(plan.spec.data.source, { base: dirname(resolve(spec)) });
}

/** Reads, trains, saves; on Ctrl-C nothing is written and a MonbanError says so. */
export async function trainTo(plan: Plan, spec: string, out: string): Promise<Bundle> {
  checkWritable(out);
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once('SIGINT', stop);
  const bar = progress();
  const data = await openSource(plan, spec);
  try {
    bar.listen({ phase: 'read', step: 0, total: 1 });
    const rows = await readRows(plan, data, 0);
    const bundle = await train(plan, rows, { onEvent: bar.listen, signal: controller.signal });
    saveBundle(bundle, out);
    return bundle;
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    const found = 'a stop from the keyboard';
    throw new MonbanError(
      { where: out, expected: 'training to end', found, todo: 'nothing was written; run it again' },
      1,
    );
  } finally {
    bar.stop();
    process.removeListener('SIGINT', stop);
    await data.close();
  }
}
