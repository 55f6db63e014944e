/** Trains a spec file into a folder, with progress and a clean stop; shared by verbs. */
import { dirname, resolve } from 'node:path';
import { type Dataset, openDataset } from '../data/dataset.js';
import type { Bundle } from '../mixture/bundle.js';
import type { Plan } from '../mixture/plan.js';
import { checkWritable, saveBundle } from '../mixture/save.js';
import { train } from '../train/train.js';
import { openRows } from '../train/training-rows.js';
import { cleanWhenStopped } from './interrupt.js';
import { progress } from './progress.js';

/** The data source of a plan, opened from the folder of its spec. */
export function openSource(plan: Plan, spec: string) {
  return openDataset(plan.spec.data.source, { base: dirname(resolve(spec)) });
}

/** Reads, trains, saves; Ctrl-C ends the process by that signal and nothing is written. */
export async function trainTo(plan: Plan, spec: string, out: string): Promise<Bundle> {
  checkWritable(out);
  const bar = progress();
  const release = cleanWhenStopped(() => bar.stop());
  let data: Dataset | undefined;
  try {
    data = await openSource(plan, spec);
    bar.listen({ phase: 'read', step: 0, total: 1 });
    const rows = await openRows(plan, data);
    const bundle = await train(plan, rows, { onEvent: bar.listen });
    saveBundle(bundle, out);
    return bundle;
  } finally {
    bar.stop();
    release();
    await data?.close();
  }
}
