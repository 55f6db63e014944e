/** How far a route agrees with true regimes once experts and regimes are matched as well as can be. */

/** Every order of 0 to count - 1. */
function* orders(count: number, taken: readonly number[] = []): Generator<readonly number[]> {
  if (taken.length === count) {
    yield taken;
    return;
  }
  for (let next = 0; next < count; next++)
    if (!taken.includes(next)) yield* orders(count, [...taken, next]);
}

/** Share of rows [N] whose expert is the one matched to their regime; at most eight of each. */
export function routeAccuracy(first: ArrayLike<number>, regime: ArrayLike<number>): number {
  const most = (list: ArrayLike<number>) =>
    Array.from(list).reduce((a, b) => Math.max(a, b), 0) + 1;
  const count = Math.max(most(first), most(regime));
  const table = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  for (let row = 0; row < first.length; row++)
    if (first[row]! >= 0) table[first[row]!]![regime[row]!]!++;
  let best = 0;
  for (const order of orders(count))
    best = Math.max(
      best,
      order.reduce((sum, expert, r) => sum + table[expert]![r]!, 0),
    );
  return best / first.length;
}
