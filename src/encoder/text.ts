/** Text of any language: words, word pairs and character n-grams, hashed. */
import { z } from 'zod';
import type { Column } from '../core/column.js';
import type { Values } from '../data/column.js';
import { bagColumn, type Scratch, scratch } from './bag.js';
import type { Coder, Encoder } from './encoder.js';
import { isPresent } from './present.js';
import { rawColumn, rawPort } from './raw.js';
import { type Grams, pushBuckets } from './tokens.js';
import { countBuckets, openVocabulary, type VocabularyState } from './vocabulary.js';

const length = z.int().min(0).max(12);
const config = z.strictObject({
  words: z.int().min(1).max(5).default(2).describe('word n-grams from 1 up to this length'),
  characters: z
    .tuple([length, length])
    .default([3, 5])
    .describe('character n-grams inside words, shortest and longest; [0, 0] for none'),
  minimum: z.int().min(1).default(2).describe('an n-gram in fewer training texts is left out'),
  limit: z.int().min(1).default(150000).describe('at most so many n-grams, most frequent first'),
  length: z.int().min(1).default(10000).describe('characters of a text that are read'),
});
type Config = z.infer<typeof config>;

export interface TextState extends Grams {
  readonly length: number;
  readonly vocabulary: VocabularyState;
}

const bits = 21;
/** The gate's view of a text: single words only, through a small hash. */
const hintBits = 11;
const hintGrams: Grams = { words: 1, characters: [0, 0] };
const hintLength = 200;

type Texts = readonly (string | null)[];

function open(state: TextState): Coder {
  const vocabulary = openVocabulary(state.vocabulary);
  const cut = (text: string | null | undefined, most: number): string =>
    (text ?? '').slice(0, most);
  const encoders: Record<string, (texts: Texts) => Column> = {
    words: (texts) =>
      bagColumn(
        texts.length,
        vocabulary.width,
        (row, out) => pushBuckets(cut(texts[row], state.length), state, bits, out),
        vocabulary,
      ),
    hint: (texts) =>
      bagColumn(texts.length, 2 ** hintBits, (row, out) =>
        pushBuckets(cut(texts[row], hintLength), hintGrams, hintBits, out),
      ),
    length: (texts) => {
      const data = new Float32Array(texts.length);
      for (let row = 0; row < data.length; row++) {
        const text = texts[row];
        if (isPresent(text)) data[row] = Math.log1p(text!.length) / 4;
      }
      return { form: 'values', width: 1, data };
    },
    raw: rawColumn,
  };
  return {
    ports: {
      words: { form: 'bag', width: vocabulary.width, cheap: false },
      hint: { form: 'bag', width: 2 ** hintBits, cheap: true },
      length: { form: 'values', width: 1, cheap: true },
      raw: rawPort('texts'),
    },
    present: (values, row) => isPresent((values as Texts)[row]),
    encode(values, want) {
      const columns: Record<string, Column> = {};
      for (const port of want) columns[port] = encoders[port]!(values as Texts);
      return columns;
    },
  };
}

/** Ports: `words` (tf-idf bag), `hint` (words through a small hash), `length` (log scale), `raw`. */
export const text: Encoder<Config, TextState> = {
  kind: 'text',
  summary: 'free text in any language, by words and character n-grams',
  storage: 'text',
  config,
  fit(values: Values, { words, characters, minimum, limit, length }) {
    const counter = countBuckets(bits);
    const list: Scratch = scratch();
    for (const text of values as Texts) {
      list.length = 0;
      pushBuckets((text ?? '').slice(0, length), { words, characters }, bits, list);
      counter.add(list.items, list.length);
    }
    return { words, characters, length, vocabulary: counter.finish(minimum, limit) };
  },
  open,
};
