/** Small statistics used everywhere: means, spreads, quantiles. */

type Numbers = ArrayLike<number>;

/** Arithmetic mean; NaN of nothing. */
export function mean(values: Numbers): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Standard deviation with n - 1; 0 for fewer than two values. */
export function deviation(values: Numbers): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - centre) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

/** Standard error of the mean. */
export function standardError(values: Numbers): number {
  return values.length === 0 ? 0 : deviation(values) / Math.sqrt(values.length);
}

/** Standard error of the mean of values that depend on each other within groups (the cluster-robust sandwich). */
export function groupedError(values: Numbers, groups: Numbers): number {
  const centre = mean(values);
  const sums = new Map<number, number>();
  for (let i = 0; i < values.length; i++)
    sums.set(groups[i]!, (sums.get(groups[i]!) ?? 0) + values[i]! - centre);
  const count = sums.size;
  if (count < 2) return 0;
  const squares = [...sums.values()].reduce((total, sum) => total + sum ** 2, 0);
  return Math.sqrt((squares * count) / (count - 1)) / values.length;
}

/** The q-quantile (0 to 1) of values in rising order, by linear interpolation; NaN of nothing. */
export function quantileSorted(sorted: Numbers, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}

/** The q-quantile of values in any order. */
export function quantile(values: Numbers, q: number): number {
  return quantileSorted(Float64Array.from(values).sort(), q);
}
