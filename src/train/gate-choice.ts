/** Chooses among judged gates: the simplest that check rows cannot tell from the best. */
import { groupedError, mean, standardError } from '../core/statistic.js';
import { automaticGates } from '../mixture/plan.js';
import type { GateJob } from './gate-data.js';
import type { Candidate } from './gate-judge.js';

/** True where the objective counts losses in less than a nat. */
export function isRare({ facts }: Pick<GateJob, 'facts'>): boolean {
  return facts.unit !== undefined;
}

/**
 * Standard errors that a gain must exceed. A single row that makes all of a gain puts it one error
 * from nothing, whatever its size, and where a class is rare single rows do. That one expert more
 * helps is likely before any row is seen, so that less is enough to show it; that experts are to be left
 * without work, though balance was asked for, needs more.
 */
const errors = { usual: 1, more: 0.5, dead: 2, rare: 2 };

/**
 * Paired: does `a` gain over `b` more than so many errors of the difference? Rows of a group gain
 * together, so the error is that of groups; where a class is rare and lies in few groups, that is
 * no more certain than the error of rows, and the larger one counts.
 */
function exceeds(a: Candidate, b: Candidate, needed: number): boolean {
  const gain = a.worth.map((value, i) => value - b.worth[i]!);
  const ofGroups = groupedError(gain, a.unit);
  if (!isRare(a.job)) return mean(gain) > needed * ofGroups;
  return mean(gain) > errors.rare * Math.max(standardError(gain), ofGroups);
}

/** True where `a` gains over `b` more than can be chance. */
function beats(a: Candidate, b: Candidate): boolean {
  return exceeds(a, b, a.job.topK > b.job.topK ? errors.more : errors.usual);
}

/**
 * True where clones are to be kept: their gate gains over the one before, and some round has made them
 * better than they began; what chance says of clones of no round is not theirs.
 */
export function haveParted(rounds: number, after: Candidate, before: Candidate): boolean {
  return rounds > 0 && beats(after, before);
}

/** Fewer experts asked, then a simpler gate. */
function simplicity({ job }: Candidate): number {
  return job.topK * 100 + automaticGates.indexOf(job.kind);
}

/**
 * Where a class is rare a handful of rows decides, and which expert was lucky with them says
 * little: more experts asked are the safer choice, and a product, in which no single one can be loud
 * for all.
 */
function safety({ job }: Candidate): number {
  const loud = job.pool === 'product' ? 0 : 0.5;
  return automaticGates.indexOf(job.kind) + loud - job.topK * 100;
}

/**
 * The candidate of most worth, unless a simpler one, or where a class is rare a safer one, cannot
 * be told from it.
 */
function among(candidates: readonly Candidate[]): Candidate {
  const byWorth = [...candidates].sort((a, b) => mean(b.worth) - mean(a.worth));
  const top = byWorth[0]!;
  const rank = isRare(top.job) ? safety : simplicity;
  const ranked = [...candidates].sort((a, b) => rank(a) - rank(b));
  return ranked.find((candidate) => candidate === top || !beats(top, candidate)) ?? top;
}

/**
 * The one to choose among all, unless it leaves an expert without work and is not clearly better than
 * the one to choose among those that do not; where a class is rare that is no matter.
 */
export function choose(candidates: readonly Candidate[]): Candidate {
  const best = among(candidates);
  const alive = candidates.filter(({ dead }) => !dead);
  if (!best.dead || isRare(best.job) || alive.length === 0) return best;
  const kept = among(alive);
  return exceeds(best, kept, errors.dead) ? best : kept;
}
