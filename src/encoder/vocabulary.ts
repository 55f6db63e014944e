/** A hashed vocabulary: which hash buckets are known, and how telling each of them is. */

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
  /** [2^bits]: dense id of a bucket, or -1. */
  readonly id: Int32Array;
  readonly idf: Float32Array;
}

const idfSteps = 16;

function packGaps(buckets: readonly number[]): string {
  const bytes: number[] = [];
  let last = -1;
  for (const bucket of buckets) {
    let gap = bucket - last;
    last = bucket;
    for (; gap > 127; gap >>>= 7) bytes.push((gap & 127) | 128);
    bytes.push(gap);
  }
  return Buffer.from(bytes).toString('base64');
}

function unpackGaps(text: string): number[] {
  const buckets: number[] = [];
  let last = -1;
  let gap = 0;
  let shift = 0;
  for (const byte of Buffer.from(text, 'base64')) {
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
      return { bits, buckets: packGaps(kept), idf: Buffer.from(idf).toString('base64') };
    },
  };
}

/** Builds the look-up arrays of a stored vocabulary. */
export function openVocabulary(state: VocabularyState): Vocabulary {
  const buckets = unpackGaps(state.buckets);
  const id = new Int32Array(2 ** state.bits).fill(-1);
  for (let i = 0; i < buckets.length; i++) id[buckets[i]!] = i;
  const idf = Float32Array.from(Buffer.from(state.idf, 'base64'), (byte) => byte / idfSteps);
  return { width: Math.max(1, buckets.length), id, idf };
}
