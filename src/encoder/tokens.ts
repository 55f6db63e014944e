/** Splits text of any language into words and character n-grams, as hash buckets. */
import { blend, combine, mix, murmur3 } from '../core/hash.js';
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

/** What `pattern` makes of each ASCII character: 1 in a word, 2 a sign by itself, 0 a gap. */
const ascii = Uint8Array.from({ length: 128 }, (_, unit) => {
  const sign = String.fromCharCode(unit);
  return /[A-Za-z0-9_]/.test(sign) ? 1 : /[$!?%]/.test(sign) ? 2 : 0;
});

const characterSeed = 0x51ab;
const wordSeed = 0x9e37;
const opening = '<'.charCodeAt(0);
const closing = '>'.charCodeAt(0);

/** Where n-grams go, and the hashes of the words before: as many as a word n-gram looks back. */
interface Sink {
  readonly grams: Grams;
  readonly mask: number;
  readonly out: Scratch;
  readonly last: number[];
}

/** Code units of the word at hand between markers, kept between texts so that none is cut out. */
let units = new Uint16Array(256);

/** Begins a word: makes room for `length` code units after the opening marker. */
function roomFor(length: number): void {
  if (length + 2 > units.length) {
    const wider = new Uint16Array(2 * (length + 2));
    wider.set(units);
    units = wider;
  }
  units[0] = opening;
}

/** All n-grams of a run of an unspaced script, of length 1 to 3. */
function pushRun(run: string, { mask, out }: Sink): void {
  for (let length = 1; length <= 3; length++) {
    for (let at = 0; at + length <= run.length; at++) {
      push(out, murmur3(run, wordSeed, at, at + length) & mask);
    }
  }
}

/** Character n-grams of a word between markers, so that prefixes and suffixes are seen. */
function pushCharacters(length: number, { grams, mask, out }: Sink): void {
  const [shortest, longest] = grams.characters;
  if (longest === 0) return;
  const most = Math.min(longest, length - 1);
  for (let at = 0; at + shortest <= length; at++) {
    let h = characterSeed;
    const end = Math.min(most, length - at);
    for (let size = 1; size <= end; size++) {
      h = blend(h, units[at + size - 1]!);
      if (size >= shortest) push(out, mix(h ^ size) & mask);
    }
  }
}

/** Appends the word of `length` code units that lies in `units` after the opening marker. */
function pushWord(length: number, sink: Sink): void {
  units[length + 1] = closing;
  let h = wordSeed;
  for (let i = 1; i <= length; i++) h = blend(h, units[i]!);
  const { grams, mask, out, last } = sink;
  let gram = mix(h ^ length);
  const hash = gram;
  push(out, hash & mask);
  pushCharacters(length + 2, sink);
  for (let back = 1; back < grams.words && back <= last.length; back++) {
    gram = combine(last[last.length - back]!, gram);
    push(out, gram & mask);
  }
  last.push(hash);
  if (last.length >= grams.words) last.shift();
}

/** Reads words as long as there is nothing but ASCII; false where another character was met. */
function pushAscii(text: string, sink: Sink): boolean {
  roomFor(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return false;
    const kind = ascii[unit];
    if (kind === 1) {
      // | 32 makes a letter small and leaves a digit as it is
      units[++length] = unit === 95 ? unit : unit | 32;
      continue;
    }
    if (length > 0) pushWord(length, sink);
    length = 0;
    if (kind !== 2) continue;
    units[1] = unit;
    pushWord(1, sink);
  }
  if (length > 0) pushWord(length, sink);
  return true;
}

/** Reads words of any script after Unicode NFKC and lower case, so that forms of a letter are one. */
function pushUnicode(text: string, sink: Sink): void {
  for (const [word] of text.normalize('NFKC').toLowerCase().matchAll(pattern)) {
    if (word.charCodeAt(0) > 0x0dff && unspaced.test(word)) {
      pushRun(word, sink);
      sink.last.length = 0;
      continue;
    }
    roomFor(word.length);
    for (let i = 0; i < word.length; i++) units[i + 1] = word.charCodeAt(i);
    pushWord(word.length, sink);
  }
}

/** Appends the hash buckets (below 2^bits) of a text to `out`. */
export function pushBuckets(text: string, grams: Grams, bits: number, out: Scratch): void {
  const before = out.length;
  const mask = 2 ** bits - 1;
  if (pushAscii(text, { grams, mask, out, last: [] })) return;
  out.length = before;
  pushUnicode(text, { grams, mask, out, last: [] });
}
