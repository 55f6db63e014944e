/** Bags of identifiers from a large sparse space: items of a basket, packages, tags. */
import { z } from 'zod';
import type { Column } from '../core/column.js';
import { murmur3 } from '../core/hash.js';
import type { Values } from '../data/column.js';
import { bagColumn, push, type Scratch, scratch } from './bag.js';
import type { Coder, Encoder } from './encoder.js';
import { countBuckets, openVocabulary, type VocabularyState } from './vocabulary.js';

const config = z.strictObject({
  minimum: z.int().min(1).default(2).describe('an id in fewer training records is left out'),
  limit: z.int().min(1).default(200000).describe('at most so many ids, most frequent first'),
});
type Config = z.infer<typeof config>;

export interface IdsState {
  readonly vocabulary: VocabularyState;
}

const bits = 20;
const hintBits = 10;
const seed = 0x1d5;

type Lists = readonly (readonly string[] | null)[];

function pushIds(list: readonly string[] | null | undefined, width: number, out: Scratch): void {
  for (const id of list ?? []) push(out, murmur3(id, seed) & (2 ** width - 1));
}

function open(state: IdsState): Coder {
  const vocabulary = openVocabulary(state.vocabulary);
  const encoders: Record<string, (lists: Lists) => Column> = {
    items: (lists) =>
      bagColumn(
        lists.length,
        vocabulary.width,
        (row, out) => pushIds(lists[row], bits, out),
        vocabulary,
      ),
    hint: (lists) =>
      bagColumn(lists.length, 2 ** hintBits, (row, out) => pushIds(lists[row], hintBits, out)),
    count: (lists) => {
      const data = Float32Array.from(lists, (list) => Math.log1p(list?.length ?? 0) / 2);
      return { form: 'values', width: 1, data };
    },
  };
  return {
    ports: {
      items: { form: 'bag', width: vocabulary.width, cheap: false },
      hint: { form: 'bag', width: 2 ** hintBits, cheap: true },
      count: { form: 'values', width: 1, cheap: true },
    },
    present: (values, row) => ((values as Lists)[row]?.length ?? 0) > 0,
    encode: (values, want) =>
      Object.fromEntries(want.map((port) => [port, encoders[port]!(values as Lists)])),
  };
}

/** Ports: `items` (tf-idf bag), `hint` (through a small hash), `count` (log scale). */
export const ids: Encoder<Config, IdsState> = {
  kind: 'ids',
  summary: 'a bag of identifiers from a large sparse space',
  storage: 'list',
  config,
  fit(values: Values, { minimum, limit }) {
    const counter = countBuckets(bits);
    const list = scratch();
    for (const items of values as Lists) {
      list.length = 0;
      pushIds(items, bits, list);
      counter.add(list.items, list.length);
    }
    return { vocabulary: counter.finish(minimum, limit) };
  },
  open,
};
