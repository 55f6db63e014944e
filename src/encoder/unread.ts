/** Says what in values cannot be read and is passed over, so that it counts as missing. */
import { type Fault, show } from '../core/fault.js';

/** One fault for each value in which `oddIn` finds anything; the first value is of record `first`. */
export function unreadIn<T>(
  values: readonly T[],
  first: number,
  expected: string,
  oddIn: (value: T) => unknown,
): Fault[] {
  return values.flatMap((value, row) => {
    const odd = oddIn(value);
    if (odd === undefined) return [];
    const todo = 'mend it, or leave it empty';
    return [{ where: `record ${row + first}`, expected, found: show(odd), todo }];
  });
}
