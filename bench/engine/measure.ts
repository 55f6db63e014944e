/** Times both sides of a case in turns, so that a machine that drifts hurts both. */
import type { Case, Work } from './case.js';
import type { Peer, Turn } from './peer.js';

export interface Measured {
  readonly name: string;
  readonly target?: number | undefined;
  /** Milliseconds of one run: the median of the turns. */
  readonly ours: number;
  readonly peer?: number;
  /** The median of the turns' ratios, the peer's time over ours, and of its quarters. */
  readonly ratio?: Quarters;
  /** The same in time on the core. */
  readonly cpuRatio?: Quarters;
  /** The loss of the first step, and of both sides after `compared`. */
  readonly losses?: { readonly first: number; readonly ours: number; readonly peer: number };
}

export interface Quarters {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

const turns = 21;
const warmUp = 10;
/** Milliseconds that a turn of one side should take. */
const turnLength = 80;
/** Steps after which the losses of both sides are compared. */
export const compared = 20;

export function quarters(values: readonly number[]): Quarters {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (p: number): number => sorted[Math.round(p * (sorted.length - 1))]!;
  return { low: at(0.25), middle: at(0.5), high: at(0.75) };
}

async function runOurs(work: Work, times: number): Promise<Turn> {
  let value = 0;
  const before = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < times; i++) value = await work.run();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { ms, cpu: (user + system) / 1000, value };
}

/** Both take the same first steps from the same weights: losses that differ mean other networks. */
async function compareLosses({ name, tolerance }: Case, work: Work, peer: Peer) {
  const first = (await runOurs(work, 1)).value;
  await peer.run(1);
  const ours = (await runOurs(work, compared - 1)).value;
  const theirs = (await peer.run(compared - 1)).value;
  if (work.peer.rates === undefined) return undefined;
  const apart = Math.abs(ours - theirs);
  if (apart > tolerance || !(ours < first && theirs < first)) {
    const found = `losses ${ours} and ${theirs} after ${compared} steps, from ${first}`;
    throw new Error(`${name}: the networks differ: ${found}`);
  }
  return { first, ours, peer: theirs };
}

/** One side after the other, over and over. */
async function takeTurns(work: Work, peer: Peer | undefined) {
  const guess = (await runOurs(work, warmUp)).ms / warmUp;
  const times = Math.max(1, Math.round(turnLength / guess));
  const ours: Turn[] = [];
  const theirs: Turn[] = [];
  for (let turn = 0; turn < turns; turn++) {
    ours.push(await runOurs(work, times));
    if (peer !== undefined) theirs.push(await peer.run(times));
  }
  const each = (list: readonly Turn[]) => quarters(list.map(({ ms }) => ms / times)).middle;
  const ratio = (of: (turn: Turn) => number) =>
    quarters(theirs.map((turn, i) => of(turn) / of(ours[i]!)));
  if (peer === undefined) return { ours: each(ours) };
  return {
    ours: each(ours),
    peer: each(theirs),
    ratio: ratio(({ ms }) => ms),
    cpuRatio: ratio(({ cpu }) => cpu),
  };
}

/** Runs a case; without a peer only our own time is taken. */
export async function measure(one: Case, peer: Peer | undefined): Promise<Measured> {
  const work = await one.open();
  await peer?.open(work.peer);
  const losses = peer === undefined ? undefined : await compareLosses(one, work, peer);
  const found = await takeTurns(work, peer);
  await work.close();
  const { name, target } = one;
  return { name, target, ...found, ...(losses === undefined ? {} : { losses }) };
}
