/** Rewards of answers: laying out the prices of a spec, and deciding by expected reward. */
import { type Fault, MonbanError, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';

/** What an answer is worth: prices[truth][answer], in the currency of the spec. */
export type ClassPrices = readonly (readonly number[])[];

type Labels = readonly (string | number)[];
type Prices = Readonly<Record<string, unknown>>;

function isPrices(value: unknown): value is Prices {
  return typeof value === 'object' && value !== null;
}

function unknownLabels(prices: unknown, labels: Labels, where: string): Fault[] {
  if (!isPrices(prices)) return [];
  const names = labels.map(String);
  return Object.keys(prices)
    .filter((name) => !names.includes(name))
    .map((name) => {
      const close = nearest(name, names);
      const todo = close === undefined ? 'write it as in the data' : `did you mean "${close}"?`;
      return {
        where: `${where}.${name}`,
        expected: 'a label of the target',
        found: show(name),
        todo,
      };
    });
}

function priceOf(prices: unknown, key: string | number, otherwise: number): unknown {
  return isPrices(prices) ? (prices[String(key)] ?? otherwise) : prices;
}

/**
 * prices[truth][answer]: `right` is a number or a number per label; `wrong` is a price, a price
 * per true label, or per true label a price per answer (prices are subtracted).
 */
export function utilityTable(
  right: unknown,
  wrong: unknown,
  labels: Labels,
  where: string,
): ClassPrices {
  const faults = [
    ...unknownLabels(right, labels, `${where}.right`),
    ...unknownLabels(wrong, labels, `${where}.wrong`),
  ];
  if (isPrices(wrong)) {
    for (const [label, prices] of Object.entries(wrong)) {
      faults.push(...unknownLabels(prices, labels, `${where}.wrong.${label}`));
    }
  }
  if (faults.length > 0) throw new MonbanError(faults);
  return labels.map((truth) =>
    labels.map((answer) => {
      if (truth === answer) return Number(priceOf(right, truth, 0));
      return 0 - Number(priceOf(priceOf(wrong, truth, 0), answer, 0));
    }),
  );
}

/** The answer of highest expected utility in one row of log-probabilities; the likeliest without one. */
export function expectedBest(
  row: Float32Array,
  at: number,
  width: number,
  utility?: ClassPrices,
): number {
  let best = 0;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (let answer = 0; answer < width; answer++) {
    let value = row[at + answer]!;
    if (utility !== undefined) {
      value = 0;
      for (let truth = 0; truth < width; truth++) {
        value += Math.exp(row[at + truth]!) * utility[truth]![answer]!;
      }
    }
    if (value > bestValue) {
      best = answer;
      bestValue = value;
    }
  }
  return best;
}
