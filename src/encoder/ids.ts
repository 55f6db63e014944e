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
  parts: z
    .boolean()
    .default(true)
    .describe('also the words that an id is made of, so that rare ids resemble known ones'),
});
type Config = z.infer<typeof config>;

export interface IdsState {
  readonly vocabulary: VocabularyState;
  readonly parts: boolean;
}

const bits = 20;
const hintBits = 10;
const seed = 0x1d5;
/** Another seed, so that the id `qt` and the part `qt` of `libfoo-qt` are told apart. */
const partSeed = 0x9a7;
const shortestPart = 2;

type Lists = readonly (readonly string[] | null)[];

function pushIds(list: readonly string[] | null | undefined, width: number, out: Scratch): void {
  if (list === null || list === undefined) return;
  const mask = 2 ** width - 1;
  for (const id of list) push(out, murmur3(id, seed) & mask);
}

/** Letters of any script; signs and digits divide an id into its parts. */
function isLetter(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || code > 127;
}

/** The parts of ids that are made of more than one: `libqt5-dev` is of `libqt` and `dev`. */
function pushParts(list: readonly string[] | null | undefined, out: Scratch): void {
  for (const id of list ?? []) {
    let start = 0;
    for (let end = 0; end <= id.length; end++) {
      if (end < id.length && isLetter(id.charCodeAt(end))) continue;
      const whole = end - start === id.length;
      if (end - start >= shortestPart && !whole)
        push(out, murmur3(id, partSeed, start, end) & (2 ** bits - 1));
      start = end + 1;
    }
  }
}

function pushItems(list: readonly string[] | null | undefined, parts: boolean, out: Scratch): void {
  pushIds(list, bits, out);
  if (parts) pushParts(list, out);
}

function open(state: IdsState): Coder {
  const vocabulary = openVocabulary(state.vocabulary);
  const encoders: Record<string, (lists: Lists) => Column> = {
    items: (lists) =>
      bagColumn(
        lists.length,
        vocabulary.width,
        (row, out) => pushItems(lists[row], state.parts, out),
        vocabulary,
      ),
    hint: (lists) =>
      bagColumn(lists.length, 2 ** hintBits, (row, out) => pushIds(lists[row], hintBits, out)),
    count: (lists) => {
      const data = new Float32Array(lists.length);
      for (let row = 0; row < data.length; row++)
        data[row] = Math.log1p(lists[row]?.length ?? 0) / 2;
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
    encode(values, want) {
      const columns: Record<string, Column> = {};
      for (const port of want) columns[port] = encoders[port]!(values as Lists);
      return columns;
    },
  };
}

/** Ports: `items` (tf-idf bag of ids and their parts), `hint` (through a small hash), `count` (log scale). */
export const ids: Encoder<Config, IdsState> = {
  kind: 'ids',
  summary: 'a bag of identifiers from a large sparse space',
  storage: 'list',
  config,
  fit(values: Values, { minimum, limit, parts }) {
    const counter = countBuckets(bits);
    const list = scratch();
    for (const items of values as Lists) {
      list.length = 0;
      pushItems(items, parts, list);
      counter.add(list.items, list.length);
    }
    return { vocabulary: counter.finish(minimum, limit), parts };
  },
  open,
};
