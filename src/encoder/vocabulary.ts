/** A hashed vocabulary: which hash buckets are known, and how telling each of them is. */
import { fromBase64, toBase64 } from '../core/base64.js';

/** Plain JSON: which of the 2^bits buckets are kept, and their inverse document frequencies. */
export interface VocabularyState {
  readonly bits: number;
  /** Gaps between kept buckets as base64 of variable-length integers. */
  readonly buckets: string;
  /** One byte per kept bucket: inverse document frequency in steps of 1/16, as base64. */
  readonly idf: string;
}

export interface Vocabulary {
  readonly width: number;
  /**
   * [2 x 2^bits / 32]: for each 32 buckets one bit per known bucket, and how many are known before
   * them. Small enough for a processor's cache, which an array of ids would not be.
   */
  readonly index: Int32Array;
  /** [width] inverse document frequency in steps of 1 / idfSteps. */
  readonly idf: Uint8Array;
}

/** Inverse document frequencies are stored in steps of one part in so many. */
export const idfSteps = 16;

function packGaps(buckets: readonly number[]): string {
  const bytes: number[] = [];
  let last = -1;
  for (const bucket of buckets) {
    let gap = bucket - last;
    last = bucket;
    for (; gap > 127; gap >>>= 7) bytes.push((gap & 127) | 128);
    bytes.push(gap);
  }
  return toBase64(Uint8Array.from(bytes));
}

function unpackGaps(text: string): number[] {
  const buckets: number[] = [];
  let last = -1;
  let gap = 0;
  let shift = 0;
  for (const byte of fromBase64(text)) {
    gap |= (byte & 127) << shift;
    shift += 7;
    if (byte > 127) continue;
    last += gap;
    buckets.push(last);
    gap = 0;
    shift = 0;
  }
  return buckets;
}

/** Collects distinct buckets of one document at a time. */
export interface BucketCounter {
  /** Counts the first `length` entries of `buckets` as one document. */
  add(buckets: Int32Array, length: number): void;
  /** Keeps buckets in at least `minimum` documents, at most `limit` of them. */
  finish(minimum: number, limit: number): VocabularyState;
}

/** Keeps the most frequent `limit` buckets, ties by bucket, in rising order of bucket. */
function keep(counts: Int32Array, minimum: number, limit: number): number[] {
  const kept: number[] = [];
  for (let bucket = 0; bucket < counts.length; bucket++) {
    if (counts[bucket]! >= minimum) kept.push(bucket);
  }
  if (kept.length <= limit) return kept;
  kept.sort((a, b) => counts[b]! - counts[a]! || a - b);
  return kept.slice(0, limit).sort((a, b) => a - b);
}

/** Counts in how many documents each of 2^bits buckets appears. */
export function countBuckets(bits: number): BucketCounter {
  const counts = new Int32Array(2 ** bits);
  const lastSeen = new Int32Array(2 ** bits).fill(-1);
  let documents = 0;
  return {
    add(buckets, length) {
      for (let i = 0; i < length; i++) {
        const bucket = buckets[i]!;
        if (lastSeen[bucket] === documents) continue;
        lastSeen[bucket] = documents;
        counts[bucket]!++;
      }
      documents++;
    },
    finish(minimum, limit) {
      const kept = keep(counts, minimum, limit);
      const idf = kept.map((bucket) => {
        const value = Math.log((1 + documents) / (1 + counts[bucket]!)) + 1;
        return Math.min(255, Math.round(value * idfSteps));
      });
      return { bits, buckets: packGaps(kept), idf: toBase64(Uint8Array.from(idf)) };
    },
  };
}

function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The dense id of a bucket, or -1: ids rise with buckets, so an id counts the known ones before. */
export function idOf({ index }: Vocabulary, bucket: number): number {
  const at = (bucket >>> 5) * 2;
  const bits = index[at]!;
  const bit = 1 << (bucket & 31);
  return (bits & bit) === 0 ? -1 : index[at + 1]! + countBits(bits & (bit - 1));
}

/** Builds the look-up arrays of a stored vocabulary. */
export function openVocabulary(state: VocabularyState): Vocabulary {
  const buckets = unpackGaps(state.buckets);
  const index = new Int32Array(Math.max(2, 2 ** state.bits / 16));
  for (const bucket of buckets) index[(bucket >>> 5) * 2]! |= 1 << (bucket & 31);
  let known = 0;
  for (let at = 0; at < index.length; at += 2) {
    index[at + 1] = known;
    known += countBits(index[at]!);
  }
  const idf = fromBase64(state.idf);
  return { width: Math.max(1, buckets.length), index, idf };
}
