/** The load stage: what fields only point to is read before anything is encoded. */
import { type Fault, inField } from '../core/fault.js';
import type { Values } from '../data/column.js';
import type { Coder } from '../encoder/encoder.js';
import type { Batch } from './batch.js';

/** The parts of a model that loading needs. */
export interface LoadingModel {
  readonly manifest: { readonly fields: readonly { readonly name: string }[] };
  readonly coders: readonly Coder[];
  readonly watch: { readonly broken?: (field: string, faults: readonly Fault[]) => void };
}

/** Looks, where somebody watches, for what the encoders of a batch will pass over. */
export function tellUnread({ manifest, coders, watch }: LoadingModel, batch: Batch): void {
  const { broken } = watch;
  if (broken === undefined) return;
  for (const [f, { name }] of manifest.fields.entries()) {
    const faults = coders[f]!.unread?.(batch.values[name]!, batch.first) ?? [];
    if (faults.length > 0) broken(name, faults);
  }
}

/**
 * The batch with every value loaded; a value that cannot be read counts as missing, and the watcher
 * is told. Costs nothing where no field has something to load or all is loaded already.
 */
export async function loadBatch(model: LoadingModel, batch: Batch): Promise<Batch> {
  let values: Record<string, Values> | undefined;
  for (let f = 0; f < model.coders.length; f++) {
    const { name } = model.manifest.fields[f]!;
    const loading = model.coders[f]!.load?.(batch.values[name]!, batch.first);
    if (loading === undefined) continue;
    const loaded = await loading.catch(inField(name));
    values ??= { ...batch.values };
    values[name] = loaded.values;
    if (loaded.faults.length > 0) model.watch.broken?.(name, loaded.faults);
  }
  return values === undefined ? batch : { ...batch, values };
}
