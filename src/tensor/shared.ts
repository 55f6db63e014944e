/** Names that may be used twice only for the same thing. */

/** A map that makes an entry once and throws where a name comes back with another description. */
export interface Shared<T> {
  get(name: string, description: string, make: () => T): T;
  all(): T[];
}

/** Starts an empty map of `what`, in the singular, for messages. */
export function shared<T>(what: string): Shared<T> {
  const entries = new Map<string, { description: string; value: T }>();
  return {
    get(name, description, make) {
      const known = entries.get(name);
      if (known === undefined) {
        const value = make();
        entries.set(name, { description, value });
        return value;
      }
      if (known.description === description) return known.value;
      throw new Error(`${what} ${name}: used as ${known.description} and as ${description}`);
    },
    all: () => [...entries.values()].map((entry) => entry.value),
  };
}
