/** Log lines: which template a line follows, and its words with what varies masked. */
import { z } from 'zod';
import type { Column } from '../core/column.js';
import type { Values } from '../data/column.js';
import { bagColumn, scratch } from './bag.js';
import type { Coder, Encoder } from './encoder.js';
import { mask, tokensOf } from './mask.js';
import { isPresent } from './present.js';
import { rawColumn, rawPort } from './raw.js';
import { matcher, mine, type Template } from './template.js';
import { type Grams, pushBuckets } from './tokens.js';
import { countBuckets, openVocabulary, type VocabularyState } from './vocabulary.js';

const config = z.strictObject({
  likeness: z
    .number()
    .min(0)
    .max(1)
    .default(0.4)
    .describe('share of equal words from which two lines follow one template'),
  minimum: z
    .int()
    .min(1)
    .default(2)
    .describe('a template or n-gram in fewer training lines is left out'),
  limit: z.int().min(1).default(2000).describe('at most so many templates, most frequent first'),
  words: z.int().min(1).max(5).default(3).describe('word n-grams from 1 up to this length'),
  raw: z
    .boolean()
    .default(true)
    .describe('also words as they are, so that hosts, users and dates that come back are known'),
  length: z.int().min(1).default(4000).describe('characters of a line that are read'),
});
type Config = z.infer<typeof config>;

export interface LogState {
  readonly likeness: number;
  readonly length: number;
  readonly grams: Grams;
  readonly templates: readonly Template[];
  readonly vocabulary: VocabularyState;
  /** Of lines as they are, where they are read. */
  readonly words?: VocabularyState;
}

type Lines = readonly (string | null)[];

const bits = 19;
const hintBits = 10;
/** What hosts, users and dates are known by: longer n-grams of them come back too seldom. */
const single: Grams = { words: 1, characters: [0, 0] };
/** Character n-grams let an unseen host or daemon resemble a known one. */
const characters = [3, 5] as const;
const mostVocabulary = 150_000;

/** Signs that tell one program's lines from another's, as words: `[<num>]:` is not `(<num>)`. */
const signs = '[](){}<>:;,.=/|#*"\'-+@&~^\\';
const signPattern = /[[\](){}<>:;,.=/|#*"'+@&~^\\-]/g;

/** Marks such as `<ip>`, and signs, as words that no line has, so that n-grams may hold them. */
function wordsOf(masked: string): string {
  const marked = masked.replace(/<(\w+)>/g, ' any_$1 ');
  return marked.replace(signPattern, (sign) => ` sign_${signs.indexOf(sign)} `);
}

/** The n-grams of many texts; those in fewer than `minimum` of them are left out. */
function learn(texts: readonly string[], grams: Grams, minimum: number): VocabularyState {
  const counter = countBuckets(bits);
  const list = scratch();
  for (const text of texts) {
    list.length = 0;
    pushBuckets(text, grams, bits, list);
    counter.add(list.items, list.length);
  }
  return counter.finish(minimum, mostVocabulary);
}

function fit(values: Values, { likeness, minimum, limit, words, raw, length }: Config): LogState {
  const given = (values as Lines).filter((line): line is string => isPresent(line));
  const lines = given.map((line) => line.slice(0, length));
  const masked = lines.map(mask);
  const grams: Grams = { words, characters };
  return {
    likeness,
    length,
    grams,
    templates: mine(masked.map(tokensOf), { likeness, minimum, limit }),
    vocabulary: learn(masked.map(wordsOf), grams, minimum),
    ...(raw ? { words: learn(lines, single, minimum) } : {}),
  };
}

/** A bag of one id: the template, or 0 for a line that follows none. */
function templateColumn(places: readonly (number | null)[], width: number): Column {
  const ids: number[] = [];
  const offsets = new Int32Array(places.length + 1);
  places.forEach((place, row) => {
    if (place !== null) ids.push(place + 1);
    offsets[row + 1] = ids.length;
  });
  const weights = new Float32Array(ids.length).fill(1);
  return { form: 'bag', width, ids: Int32Array.from(ids), weights, offsets };
}

interface Masked {
  readonly given: boolean;
  readonly line: string;
  readonly masked: string;
}

function open(state: LogState): Coder {
  const { templates, likeness, length, grams } = state;
  const vocabulary = openVocabulary(state.vocabulary);
  const raw = state.words === undefined ? undefined : openVocabulary(state.words);
  const find = matcher(templates, likeness);
  const names = templates.map(({ tokens }) => tokens.join(' '));
  const width = templates.length + 1;
  const cut = (line: string | null): string => (line ?? '').slice(0, length);
  const encoders: Record<string, (lines: readonly Masked[]) => Column> = {
    template: (lines) =>
      templateColumn(
        lines.map(({ given, masked }) => (given ? find(tokensOf(masked)) : null)),
        width,
      ),
    phrases: (lines) =>
      bagColumn(
        lines.length,
        vocabulary.width,
        (row, out) => pushBuckets(wordsOf(lines[row]!.masked), grams, bits, out),
        vocabulary,
      ),
    words: (lines) =>
      bagColumn(
        lines.length,
        raw!.width,
        (row, out) => pushBuckets(lines[row]!.line, single, bits, out),
        raw,
      ),
    hint: (lines) =>
      bagColumn(lines.length, 2 ** hintBits, (row, out) =>
        pushBuckets(wordsOf(lines[row]!.masked), single, hintBits, out),
      ),
  };
  return {
    ports: {
      template: { form: 'bag', width, cheap: true },
      phrases: { form: 'bag', width: vocabulary.width, cheap: false },
      ...(raw === undefined ? {} : { words: { form: 'bag', width: raw.width, cheap: false } }),
      hint: { form: 'bag', width: 2 ** hintBits, cheap: true },
      raw: rawPort('texts'),
    },
    present: (values, row) => isPresent((values as Lines)[row]),
    neighbours: (value) => names.filter((name) => name !== value).slice(0, mostNeighbours),
    group: (value) => names[find(tokensOf(mask(cut(value as string))))] ?? 'no template',
    encode(values, want) {
      const lines = (values as Lines).map((value): Masked => {
        const given = isPresent(value);
        const line = given ? cut(value) : '';
        return { given, line, masked: mask(line) };
      });
      const columns = want.map((port): [string, Column] => [
        port,
        port === 'raw' ? rawColumn(values) : encoders[port]!(lines),
      ]);
      return Object.fromEntries(columns);
    },
  };
}

/** At most so many templates are offered as neighbours of a line. */
const mostNeighbours = 24;

/**
 * Ports: `template` (a bag of one id), `phrases` (tf-idf bag of n-grams of the masked line), `words`
 * (the same of the line as it is), `hint` (small hash). Each bag has unit length: in one bag, what
 * all lines of a template share would drown the few words that tell.
 */
export const log: Encoder<Config, LogState> = {
  kind: 'log',
  summary: 'lines of a log: mined templates, and words with numbers, addresses and paths masked',
  storage: 'text',
  config,
  fit,
  open,
};
