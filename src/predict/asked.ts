/** Who is asked about which rows, found in one pass over the mask of a batch. */

export interface AskedRows {
  /** Rows of the batch about which each expert is asked, rising. */
  readonly rows: readonly Int32Array[];
  /** The place of each of these rows' answers among its own. */
  readonly slots: readonly Int32Array[];
  /** Most experts that are asked about one row, at least 1. */
  readonly k: number;
}

/** Sorts a mask [B, E] by expert; the answers about a row are packed to the left. */
export function askedRows(mask: Float32Array, experts: number): AskedRows {
  const counts = new Int32Array(experts);
  for (let at = 0; at < mask.length; ) {
    for (let e = 0; e < experts; e++, at++) if (mask[at]! > 0) counts[e]!++;
  }
  const rows = Array.from(counts, (count) => new Int32Array(count));
  const slots = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  let k = 1;
  for (let row = 0, at = 0; at < mask.length; row++) {
    let slot = 0;
    for (let e = 0; e < experts; e++, at++) {
      if (!(mask[at]! > 0)) continue;
      const place = counts[e]!++;
      rows[e]![place] = row;
      slots[e]![place] = slot++;
    }
    if (slot > k) k = slot;
  }
  return { rows, slots, k };
}
