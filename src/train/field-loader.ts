/** Reads what fields only point to, batch by batch; what cannot be read counts as missing, and is counted. */
import { describeFault, type Fault, inField, MonbanError } from '../core/fault.js';
import type { Values } from '../data/column.js';
import type { Coder } from '../encoder/encoder.js';

export interface Loader {
  /** The values of some rows, the first of which is row `from` of all. */
  load(field: string, given: Values, from: number): Promise<Values>;
  /** After the last batch: warns of values that could not be read; throws MonbanError where none could. */
  check(): void;
}

interface Tally {
  given: number;
  faults: number;
  first?: Fault;
  present: boolean;
}

/** Whether any value of a column counts as given. */
function anyPresent(coder: Coder, values: Values): boolean {
  for (let row = 0; row < values.length; row++) if (coder.present(values, row)) return true;
  return false;
}

/** A loader for the fields of these coders. */
export function fieldLoader(
  coders: Readonly<Record<string, Coder>>,
  warn: (field: string, message: string) => void,
): Loader {
  const tallies = new Map<string, Tally>();
  return {
    async load(field, given, from) {
      const coder = coders[field]!;
      if (coder.load === undefined && coder.unread === undefined) return given;
      const loading = coder.load?.(given, from + 1).catch(inField(`fields.${field}`));
      const { values, faults } = (await loading) ?? {
        values: given,
        faults: coder.unread?.(given, from + 1) ?? [],
      };
      const tally = tallies.get(field) ?? { given: 0, faults: 0, present: false };
      tallies.set(field, tally);
      tally.given += given.length;
      tally.faults += faults.length;
      tally.present ||= anyPresent(coder, values);
      const [first] = faults;
      if (first !== undefined) tally.first ??= first;
      return values;
    },
    check() {
      for (const [field, { given, faults, first, present }] of tallies) {
        if (first === undefined) continue;
        const fault = { ...first, where: `fields.${field}, ${first.where}` };
        if (!present) throw new MonbanError(fault);
        const how = coders[field]!.load === undefined ? ', wholly or in part' : '';
        const count = `${faults} of ${given} values count as missing${how}`;
        warn(field, `${count}; the first: ${describeFault(fault)}`);
      }
    },
  };
}
