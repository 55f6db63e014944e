/** A seeded generator of mixed records with hidden regimes whose true routes are known. */
import { type Random, random } from '../core/random.js';
import type { Chunk, Values } from './column.js';

/** What a record may carry besides its numbers. */
export type SyntheticSource = 'category' | 'text' | 'ids' | 'series';

export interface SyntheticOptions {
  readonly seed: number;
  /** Regimes, each with its own relation of the fields to the target; 1 for homogeneous data. */
  readonly regimes: number;
  /** Classes of the target; 0 for an amount. */
  readonly classes: number;
  readonly sources: readonly SyntheticSource[];
  /** Share of the cells that are missing; never those that tell the regime. */
  readonly missing: number;
  /** Rows of a regime to rows of the next one; 1 for even shares. */
  readonly imbalance: number;
  /** Standard deviation of what cannot be known, against 1 for what can. */
  readonly noise: number;
}

/** Records by index: any part of them can be made alone, and is always the same. */
export interface Synthetic {
  /** Kind of every field by name; `target` and `regime` are no fields. */
  readonly fields: Readonly<Record<string, string>>;
  /** Fields that tell the regime. */
  readonly context: readonly string[];
  /** Rows `from` to `to`, with the columns `target` and `regime`, which a model must not read. */
  chunk(from: number, to: number): Chunk;
}

/** Numbers that tell the regime, and numbers that tell the target once the regime is known. */
const contexts = 3;
const details = 4;
/** Hidden units of the network that draws the borders of the regimes. */
const units = 8;
/** Rows on which the shares of the regimes are set. */
const probes = 4000;

/** The laws of one data set: where regimes lie and what each one makes of a record. */
interface World {
  readonly border: readonly Float64Array[];
  /** [regimes][units] */
  readonly scores: readonly Float64Array[];
  readonly offsets: number[];
  /** [regimes][outcomes][details + sources] */
  readonly laws: readonly (readonly Float64Array[])[];
}

function normals(count: number, stream: Random): Float64Array {
  return Float64Array.from({ length: count }, () => stream.normal());
}

/** The regime of some context: the highest of the scores of a small random network. */
function regimeOf({ border, scores, offsets }: World, context: Float64Array): number {
  const hidden = border.map((unit) => {
    let sum = unit[contexts]!;
    for (let i = 0; i < contexts; i++) sum += unit[i]! * context[i]!;
    return Math.tanh(1.5 * sum);
  });
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  scores.forEach((own, r) => {
    const score = hidden.reduce((sum, value, i) => sum + value * own[i]!, offsets[r]!);
    if (score > most) [best, most] = [r, score];
  });
  return best;
}

/** Moves the offsets until the shares of the regimes are as wanted. */
function setShares(world: World, { regimes, imbalance }: SyntheticOptions, stream: Random): void {
  const raw = Array.from({ length: regimes }, (_, r) => imbalance ** -r);
  const total = raw.reduce((a, b) => a + b, 0);
  const rows = Array.from({ length: probes }, () => normals(contexts, stream));
  for (let round = 0; round < 60; round++) {
    const counts = new Float64Array(regimes);
    for (const row of rows) counts[regimeOf(world, row)]!++;
    raw.forEach((wanted, r) => {
      const gap = wanted / total - counts[r]! / probes;
      world.offsets[r]! += 2 * gap;
    });
  }
}

function makeWorld(options: SyntheticOptions): World {
  const stream = random(options.seed, 'world');
  const { regimes, classes, sources } = options;
  const list = <T>(length: number, make: () => T): T[] => Array.from({ length }, make);
  const world: World = {
    border: list(units, () => normals(contexts + 1, stream)),
    scores: list(regimes, () => normals(units, stream)),
    offsets: new Array<number>(regimes).fill(0),
    laws: list(regimes, () =>
      list(Math.max(1, classes), () => normals(details + sources.length, stream)),
    ),
  };
  setShares(world, options, stream);
  return world;
}

/** Where a latent number lies among five equal shares of a standard normal. */
function bin(value: number): number {
  return [-0.84, -0.25, 0.25, 0.84].filter((border) => value > border).length;
}

const syllables = ['ka', 'to', 'mi', 'ro', 'sen', 'ya', 'lu', 'ben', 'dor', 'vi'];

/** A made-up word for a number. */
function word(index: number): string {
  return [index, index >> 3, index >> 6].map((i) => syllables[i % syllables.length]).join('');
}

/** How a source shows a latent number. */
const shown: Readonly<
  Record<SyntheticSource, (value: number, stream: Random) => string | readonly string[]>
> = {
  category: (value) => `c${bin(value)}`,
  text: (value, stream) => {
    const telling = () => word(100 + 20 * bin(value) + stream.below(20));
    const filler = () => word(300 + stream.below(200));
    return Array.from({ length: 8 }, (_, i) => (i % 4 === 0 ? telling() : filler())).join(' ');
  },
  ids: (value, stream) =>
    Array.from({ length: 6 }, (_, i) =>
      i < 3 ? `p${bin(value)}-${stream.below(200)}` : `q${stream.below(5000)}`,
    ),
  series: (value, stream) =>
    Array.from({ length: 24 }, (_, t) =>
      (Math.sin(t * (0.5 + 0.2 * bin(value))) + 0.3 * stream.normal()).toFixed(3),
    ),
};

/** What the law of a regime makes of a record: a class, or an amount. */
function outcome(law: readonly Float64Array[], latents: Float64Array, noise: () => number): number {
  const values = law.map((own) => {
    const scale = 1 / Math.sqrt(own.length);
    return own.reduce((sum, weight, i) => sum + scale * weight * latents[i]!, 0) + noise();
  });
  return values.length === 1 ? values[0]! : values.indexOf(Math.max(...values));
}

/** Makes the laws of a data set; rows are made on demand. */
export function synthetic(options: SyntheticOptions): Synthetic {
  const world = makeWorld(options);
  const { seed, sources, classes, missing, noise } = options;
  const context = Array.from({ length: contexts }, (_, i) => `context${i + 1}`);
  const detail = Array.from({ length: details }, (_, i) => `detail${i + 1}`);
  const numbers = [...context, ...detail].map((name) => [name, 'number']);
  const fields = Object.fromEntries([...numbers, ...sources.map((kind) => [kind, kind])]);
  return {
    fields,
    context,
    chunk(from, to) {
      const rows = to - from;
      const numeric = (names: readonly string[]) =>
        names.map((): Float64Array => new Float64Array(rows));
      const [contextOf, detailOf] = [numeric(context), numeric(detail)];
      const others = sources.map((): (string | readonly string[] | null)[] => []);
      const target: string[] = [];
      const amount = new Float64Array(rows);
      const regime: string[] = [];
      for (let row = 0; row < rows; row++) {
        const stream = random(seed, `row/${from + row}`);
        const where = normals(contexts, stream);
        const latents = normals(details + sources.length, stream);
        const r = regimeOf(world, where);
        const made = outcome(world.laws[r]!, latents, () => noise * stream.normal());
        regime.push(`regime${r + 1}`);
        if (classes === 0) amount[row] = made;
        else target.push(`class${made + 1}`);
        const gone = () => stream.uniform() < missing;
        contextOf.forEach((column, i) => {
          column[row] = where[i]!;
        });
        detailOf.forEach((column, i) => {
          column[row] = gone() ? Number.NaN : latents[i]!;
        });
        sources.forEach((kind, i) => {
          const cell = shown[kind](latents[details + i]!, stream);
          others[i]!.push(gone() ? null : cell);
        });
      }
      const columns: Record<string, Values> = { regime, target: classes === 0 ? amount : target };
      context.forEach((name, i) => {
        columns[name] = contextOf[i]!;
      });
      detail.forEach((name, i) => {
        columns[name] = detailOf[i]!;
      });
      sources.forEach((kind, i) => {
        columns[kind] = others[i]! as Values;
      });
      return { rows, columns };
    },
  };
}
