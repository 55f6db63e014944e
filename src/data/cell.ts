/** Brings the values of a row into the types of the columns that are written. */
import { MonbanError, show } from '../core/fault.js';

export type CellType = 'DOUBLE' | 'BIGINT' | 'VARCHAR' | 'VARCHAR[]' | 'JSON' | 'BOOLEAN';

/** A column of a file to write. */
export interface OutputColumn {
  readonly name: string;
  readonly type: CellType;
}

/** A value as the file has it; JSON is already text, and NaN is null. */
export type Cell = number | bigint | boolean | string | readonly (string | null)[] | null;

/** Lone surrogates have no UTF-8 form. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

const readers: Readonly<Record<CellType, (value: unknown) => Cell | undefined>> = {
  DOUBLE(value) {
    if (typeof value === 'bigint') return Number(value);
    if (typeof value !== 'number') return undefined;
    return Number.isNaN(value) ? null : value;
  },
  BIGINT(value) {
    if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : undefined;
    return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
  },
  VARCHAR: (value) => (typeof value === 'string' ? wellFormed(value) : undefined),
  'VARCHAR[]'(value) {
    if (!Array.isArray(value)) return undefined;
    return value.map((item) => (item === null ? null : wellFormed(String(item))));
  },
  JSON(value) {
    const text = JSON.stringify(value, (_, part) =>
      typeof part === 'bigint' ? Number(part) : typeof part === 'string' ? wellFormed(part) : part,
    );
    return text as string | undefined;
  },
  BOOLEAN: (value) => (typeof value === 'boolean' ? value : undefined),
};

/** The cells of a row in column order; throws MonbanError for a value of another type. */
export function cellsOf(row: Record<string, unknown>, columns: readonly OutputColumn[]): Cell[] {
  return columns.map(({ name, type }) => {
    const value = row[name];
    if (value === undefined || value === null) return null;
    const cell = readers[type](value);
    if (cell !== undefined) return cell;
    throw new MonbanError({ where: name, expected: `a value of type ${type}`, found: show(value) });
  });
}
