/** A closed list of named kinds, with an error that names the nearest valid one. */
import { MonbanError, show } from './fault.js';
import { nearest } from './nearest.js';

export interface Registry<T extends { readonly kind: string }> {
  /** What the entries are, in the singular: `expert`, `gate`. */
  readonly what: string;
  readonly kinds: readonly string[];
  /** Throws MonbanError at `where` when there is no such kind. */
  get(kind: string, where?: string): T;
  has(kind: string): boolean;
  all(): readonly T[];
}

/** Makes a registry; a kind listed twice is a programming error. */
export function registry<T extends { readonly kind: string }>(
  what: string,
  entries: readonly T[],
): Registry<T> {
  const byKind = new Map<string, T>();
  for (const entry of entries) {
    if (byKind.has(entry.kind)) throw new Error(`${what} kind "${entry.kind}" is listed twice`);
    byKind.set(entry.kind, entry);
  }
  const kinds = [...byKind.keys()];
  return {
    what,
    kinds,
    has: (kind) => byKind.has(kind),
    all: () => entries,
    get(kind, where = what) {
      const entry = byKind.get(kind);
      if (entry !== undefined) return entry;
      const close = nearest(kind, kinds);
      throw new MonbanError({
        where,
        expected: `one of the ${what} kinds ${kinds.join(', ')}`,
        found: show(kind),
        todo: close === undefined ? `run "monban kinds" to see them` : `did you mean "${close}"?`,
      });
    },
  };
}
