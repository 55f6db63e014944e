/** Categories: one of a list of names; rare and unseen names share one place. */
import { z } from 'zod';
import type { Values } from '../data/column.js';
import type { Encoder } from './encoder.js';
import { isPresent } from './present.js';
import { rawColumn, rawPort } from './raw.js';

const config = z.strictObject({
  minimum: z
    .int()
    .min(1)
    .default(2)
    .describe('a name seen less often in training counts as unseen'),
  limit: z.int().min(1).default(20000).describe('at most so many names, the most frequent first'),
});
type Config = z.infer<typeof config>;

export interface CategoryState {
  /** Known names; id 0 is everything else, name i has id i + 1. */
  readonly names: readonly string[];
}

/** At most so many names are offered as neighbours of another. */
const mostNeighbours = 24;

function countNames(values: Values): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values as readonly (string | null)[]) {
    if (value !== null && isPresent(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

/** Ports: `level`, a bag of one id (0 for a name not seen in training), and `raw`. */
export const category: Encoder<Config, CategoryState> = {
  kind: 'category',
  summary: 'one of a list of names or codes',
  storage: 'text',
  config,
  fit(values, { minimum, limit }) {
    const kept = [...countNames(values)].filter(([, count]) => count >= minimum);
    kept.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return { names: kept.slice(0, limit).map(([name]) => name) };
  },
  open(state) {
    const idOf = new Map(state.names.map((name, i) => [name, i + 1]));
    const width = state.names.length + 1;
    const common = state.names.slice(0, mostNeighbours + 1);
    return {
      neighbours: (value) => common.filter((name) => name !== value).slice(0, mostNeighbours),
      group: (value) => value as string,
      ports: { level: { form: 'bag', width, cheap: true }, raw: rawPort('texts') },
      present: (values, row) => isPresent((values as readonly unknown[])[row]),
      encode(values, want) {
        const raw = want.includes('raw') ? { raw: rawColumn(values) } : {};
        if (!want.includes('level')) return raw;
        const names = values as readonly (string | null)[];
        const ids = new Int32Array(names.length);
        const offsets = new Int32Array(names.length + 1);
        let count = 0;
        for (let row = 0; row < names.length; row++) {
          const name = names[row]!;
          if (isPresent(name)) ids[count++] = idOf.get(name) ?? 0;
          offsets[row + 1] = count;
        }
        const weights = new Float32Array(count).fill(1);
        const level = { form: 'bag', width, ids: ids.slice(0, count), weights, offsets } as const;
        return { level, ...raw };
      },
    };
  },
};
