/** Amounts of a target: reading them, checking them, and the scale on which they are learned. */
import { MonbanError, show } from '../core/fault.js';
import { deviation, mean, quantile } from '../core/statistic.js';
import type { Values } from '../data/column.js';
import type { Truth } from './objective.js';

/** Truth = (amount - centre) / scale, of the logarithm of the amount where `log` holds. */
export interface AmountScale {
  readonly log: boolean;
  readonly centre: number;
  readonly scale: number;
}

/** NaN where the value is missing, undefined where it is no number. */
function parse(value: unknown): number | undefined {
  if (value === null || value === undefined) return Number.NaN;
  if (typeof value === 'number') return value;
  const text = String(value).trim();
  if (text === '' || text.toLowerCase() === 'nan') return Number.NaN;
  const amount = Number(text);
  return Number.isNaN(amount) ? undefined : amount;
}

/**
 * The amounts [N], or their logarithms; NaN where the target is missing. Throws MonbanError at
 * `where` for what is no finite number, and for amounts without a logarithm.
 */
export function amounts(target: Values, log: boolean, where: string): Float64Array {
  return Float64Array.from({ length: target.length }, (_, row) => {
    const amount = parse(target[row]);
    if (amount === undefined) throw notNumber(target[row], where, row);
    if (Math.abs(amount) === Number.POSITIVE_INFINITY) {
      const found = `${amount} in labelled row ${row + 1}`;
      const todo = 'mend these rows, or leave them out with a query as the source';
      throw new MonbanError({ where, expected: 'finite numbers', found, todo });
    }
    if (!log) return amount;
    if (amount <= 0) {
      const found = `${amount} in labelled row ${row + 1}`;
      const todo = 'remove "log" from the objective, or leave these rows out';
      throw new MonbanError({
        where,
        expected: 'amounts above 0, for their logarithms',
        found,
        todo,
      });
    }
    return Math.log(amount);
  });
}

function notNumber(given: unknown, where: string, row: number): MonbanError {
  return new MonbanError({
    where,
    expected: 'numbers, since the objective is regression',
    found: `${show(given)} in labelled row ${row + 1}`,
    todo: 'mend the value, or write "objective: classification" for labels',
  });
}

/** The scale of the amounts that train; throws MonbanError at `where` when they cannot teach. */
export function scaleOf(
  known: Float64Array,
  rows: number,
  log: boolean,
  where: string,
): AmountScale {
  const expected = 'a target with different amounts';
  if (rows === 0) throw new MonbanError({ where, expected: 'training rows', found: 'none' });
  if (known.length === 0) {
    const todo = 'name a column that holds the answers';
    throw new MonbanError({ where, expected, found: 'only missing values', todo });
  }
  if (known.every((amount) => amount === known[0])) {
    const same = log ? Math.exp(known[0]!) : known[0]!;
    const found = `only ${Number(same.toPrecision(12))}`;
    const todo = 'nothing can be learned from one amount: name another column, or give more rows';
    throw new MonbanError({ where, expected, found, todo });
  }
  const [centre, scale] = [mean(known), deviation(known)];
  if (!Number.isFinite(scale) || !(scale > 0)) {
    const found = `amounts up to ${Math.max(...[quantile(known, 0), quantile(known, 1)].map(Math.abs))}`;
    const todo = 'give them in a larger unit, or remove those that are mistakes';
    throw new MonbanError({ where, expected: 'amounts whose spread is a number', found, todo });
  }
  return { log, centre, scale };
}

/** Amounts on the learned scale. */
export function toTruth(amount: Float64Array, { centre, scale }: AmountScale): Truth {
  return amount.map((value) => (value - centre) / scale);
}

/** A number on the learned scale as an amount of the data. */
export function toAmount(value: number, { log, centre, scale }: AmountScale): number {
  const learned = value * scale + centre;
  return log ? Math.min(Math.exp(learned), Number.MAX_VALUE) : learned;
}

/** An amount as a person writes it: 4,096, 12.35, 0.00123. */
export function amountText(amount: number): string {
  const digits =
    Math.abs(amount) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 };
  return amount.toLocaleString('en-US', digits);
}
