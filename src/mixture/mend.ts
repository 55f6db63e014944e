/** Leaves out what a schema has against a spec, so that the rest can be checked in the same go. */
import type { z } from 'zod';

type Json = Record<PropertyKey, unknown>;

const rounds = 4;

function isTable(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Removes the value at a path: of a list the whole list, of a value that is not there its table. */
function remove(root: Json, path: readonly PropertyKey[]): void {
  let table = root;
  for (const [i, key] of path.entries()) {
    const next = table[key];
    if (i < path.length - 1 && isTable(next) && next[path[i + 1]!] !== undefined) {
      table = next;
      continue;
    }
    delete table[key];
    return;
  }
}

/** The names in a section as a user wrote them, whatever else is wrong there. */
export function namesIn(input: unknown, section: string): string[] {
  const value = isTable(input) ? input[section] : undefined;
  return isTable(value) ? Object.keys(value) : [];
}

/** The spec without its faulty parts, undefined when too little is left of it. */
export function mend<T extends z.ZodType>(schema: T, input: unknown): z.output<T> | undefined {
  if (!isTable(input)) return undefined;
  const spec = structuredClone(input);
  // A name that no column has stands for what is missing.
  const stand = { source: '\0', target: '\0' };
  for (let round = 0; round < rounds; round++) {
    spec.data = { ...stand, ...(isTable(spec.data) ? spec.data : {}) };
    for (const section of ['fields', 'experts']) if (!isTable(spec[section])) spec[section] = {};
    const parsed = schema.safeParse(spec);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
      for (const key of keys) remove(spec, key === undefined ? issue.path : [...issue.path, key]);
    }
  }
  return undefined;
}
