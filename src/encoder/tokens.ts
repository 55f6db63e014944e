/** Splits text of any language into words and character n-grams, as hash buckets. */
import { combine, murmur3 } from '../core/hash.js';
import { push, type Scratch } from './bag.js';

/** What is taken from a text. */
export interface Grams {
  /** Word n-grams from 1 up to this length. */
  readonly words: number;
  /** Character n-grams inside words, shortest and longest; [0, 0] for none. */
  readonly characters: readonly [number, number];
}

/** Words; runs of scripts written without spaces are kept apart, since they need n-grams. */
const pattern =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々]+|[\p{L}\p{N}\p{M}_]+|[\p{So}\p{Sc}!?%]/gu;
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々]/u;
const ascii = /^[\x20-\x7e\s]*$/;

/** Unicode NFKC and lower case, so that full-width, half-width and capital forms are one. */
export function normalise(text: string): string {
  return ascii.test(text) ? text.toLowerCase() : text.normalize('NFKC').toLowerCase();
}

const characterSeed = 0x51ab;
const wordSeed = 0x9e37;

/** All n-grams of a run of an unspaced script, of length 1 to 3. */
function pushRun(run: string, mask: number, out: Scratch): void {
  for (let length = 1; length <= 3; length++) {
    for (let at = 0; at + length <= run.length; at++) {
      push(out, murmur3(run, wordSeed, at, at + length) & mask);
    }
  }
}

/** Character n-grams of one word between markers, so that prefixes and suffixes are seen. */
function pushCharacters(word: string, grams: Grams, mask: number, out: Scratch): void {
  const [shortest, longest] = grams.characters;
  if (longest === 0) return;
  const marked = `<${word}>`;
  for (let length = shortest; length <= longest && length < marked.length; length++) {
    for (let at = 0; at + length <= marked.length; at++) {
      push(out, murmur3(marked, characterSeed, at, at + length) & mask);
    }
  }
}

/** Appends the hash buckets (below 2^bits) of a text to `out`. */
export function pushBuckets(text: string, grams: Grams, bits: number, out: Scratch): void {
  const mask = 2 ** bits - 1;
  const last: number[] = [];
  for (const [word] of normalise(text).matchAll(pattern)) {
    const hash = murmur3(word, wordSeed);
    if (word.charCodeAt(0) > 0x0dff && unspaced.test(word)) {
      pushRun(word, mask, out);
      last.length = 0;
      continue;
    }
    push(out, hash & mask);
    pushCharacters(word, grams, mask, out);
    let gram = hash;
    for (let back = 1; back < grams.words && back <= last.length; back++) {
      gram = combine(last[last.length - back]!, gram);
      push(out, gram & mask);
    }
    last.push(hash);
    if (last.length >= grams.words) last.shift();
  }
}
