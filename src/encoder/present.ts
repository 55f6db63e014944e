/** When a value counts as given: null, NaN, blank text and empty lists do not. */

/** True for a finite or infinite number, a text with a visible character, a list with an item. */
export function isPresent(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === 'number') return !Number.isNaN(value);
  if (typeof value === 'string') return value.trim().length > 0;
  if (Array.isArray(value)) return value.length > 0;
  return true;
}
