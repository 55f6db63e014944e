/** Trains a spec file into a folder, with progress and a clean stop; shared by verbs. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Dataset, openDataset } from '../data/dataset.js';
import type { Bundle } from '../mixture/bundle.js';
import type { Plan } from '../mixture/plan.js';
import { checkWritable, saveBundle } from '../mixture/save.js';
import { discardCheckpoint } from '../train/checkpoint.js';
import { train } from '../train/train.js';
import { openRows } from '../train/training-rows.js';
import { cleanWhenStopped } from './interrupt.js';
import { progress } from './progress.js';

/** The data source of a plan, opened from the folder of its spec. */
export function openSource(plan: Plan, spec: string) {
  return openDataset(plan.spec.data.source, { base: dirname(resolve(spec)) });
}

/** Where a training into a folder keeps what is done until the bundle is written. */
const checkpointOf = (out: string): string => `${out.replace(/[/\\]+$/, '')}.resume`;

/**
 * Reads, trains, saves. Ctrl-C ends the process by that signal; the same call goes on from there,
 * unless it is to begin afresh.
 */
export async function trainTo(
  plan: Plan,
  spec: string,
  out: string,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Promise<Bundle> {
  checkWritable(out);
  const checkpoint = checkpointOf(out);
  if (fresh) discardCheckpoint(checkpoint);
  const bar = progress();
  const release = cleanWhenStopped(() => {
    bar.stop();
    return existsSync(checkpoint)
      ? `stopped; what is done is in ${checkpoint}, the same command goes on from there`
      : 'stopped; nothing was written';
  });
  let data: Dataset | undefined;
  try {
    data = await openSource(plan, spec);
    bar.listen({ phase: 'read', step: 0, total: 1 });
    const rows = await openRows(plan, data);
    const bundle = await train(plan, rows, {
      onEvent: bar.listen,
      base: dirname(resolve(spec)),
      checkpoint: { folder: checkpoint },
    });
    saveBundle(bundle, out);
    discardCheckpoint(checkpoint);
    return bundle;
  } finally {
    bar.stop();
    release();
    await data?.close();
  }
}
