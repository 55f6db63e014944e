/** The fields of a model as a form shows them. */
import type { Storage, Value } from '../encoder/encoder.js';
import { encoders } from '../encoder/encoders.js';
import type { Model } from './model.js';

export interface FieldView {
  readonly name: string;
  readonly kind: string;
  /** What a value is: a number, a text, a list, or either of the last two. */
  readonly storage: Storage;
  /** The commonest texts, for kinds that know some. */
  readonly common: readonly string[];
}

function commonOf(model: Model, f: number, storage: Storage): string[] {
  if (storage !== 'text') return [];
  const known: readonly Value[] = model.coders[f]!.neighbours?.('') ?? [];
  return known.filter((value) => typeof value === 'string');
}

/** One view for each field, in the order of the bundle. */
export function fieldViews(model: Model): FieldView[] {
  return model.manifest.fields.map(({ name, kind }, f) => {
    const { storage } = encoders.get(kind);
    return { name, kind, storage, common: commonOf(model, f, storage) };
  });
}
