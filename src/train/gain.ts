/** What asking each expert was worth on held-out views: beside the shared one, or beside the others. */
import { objectives } from '../objective/objectives.js';
import type { GateData } from './gate-data.js';
import { gatherRows } from './gate-feeds.js';

/** One row counts no more than this many nats for or against an expert. */
const mostOfRow = 2;

/** Log-likelihoods [V, E] of what each expert says by itself. */
function likelihoods({ objective, outputs, truth }: GateData, experts: number): Float32Array {
  const { likelihoods: of } = objectives.get(objective.kind);
  const width = outputs.length / (truth.length * experts);
  const views = Int32Array.from(truth.keys());
  const all = new Float32Array(truth.length * experts);
  for (let e = 0; e < experts; e++) {
    const places = views.map((view) => view * experts + e);
    of(gatherRows(outputs, places, width), truth, objective.state).forEach((value, view) => {
      all[view * experts + e] = value;
    });
  }
  return all;
}

/**
 * Gains [V, E] over the shared expert, of what each says alone: in reward where the data has rewards,
 * else in nats, where no row counts more than 2.
 */
export function gainTargets(data: GateData, shared: number, experts: number): Float32Array {
  const worth = data.rewards ?? likelihoods(data, experts);
  return worth.map((value, i) => {
    const gain = value - worth[i - (i % experts) + shared]!;
    return data.rewards === undefined ? Math.max(-mostOfRow, Math.min(mostOfRow, gain)) : gain;
  });
}

const rounds = 4;

/**
 * By how much each expert did better or worse than all do on the same record, [N, E] for N views, in
 * reward or in nats of which no row counts more than 2; not a number where it was closed. A record
 * that is hard for everybody says nothing of who should be asked, so that its effect is taken off:
 * two-way means, since not everybody is open everywhere.
 */
export function standings(data: GateData, views: Int32Array, experts: number): Float32Array {
  const nats = data.rewards === undefined;
  const worth = gatherRows(data.rewards ?? likelihoods(data, experts), views, experts);
  gatherRows(data.open, views, experts).forEach((open, i) => {
    if (open !== 1) worth[i] = Number.NaN;
  });
  const usual = new Float64Array(experts);
  let own = worth;
  for (let round = 0; round < rounds; round++) {
    own = withoutRows(worth, usual);
    usual.set(columnMeans(own, experts));
  }
  return nats ? own.map((value) => Math.max(-mostOfRow, Math.min(mostOfRow, value))) : own;
}

/** Each row less the mean of what its known values are above the usual of their columns. */
function withoutRows(worth: Float32Array, usual: Float64Array): Float32Array {
  const out = new Float32Array(worth.length);
  for (let at = 0; at < worth.length; at += usual.length) {
    const row = worth.subarray(at, at + usual.length);
    let sum = 0;
    let known = 0;
    row.forEach((value, e) => {
      if (Number.isNaN(value)) return;
      sum += value - usual[e]!;
      known++;
    });
    row.forEach((value, e) => {
      out[at + e] = value - sum / known;
    });
  }
  return out;
}

/** Means of the known values of each column; 0 where none is known. */
function columnMeans(values: Float32Array, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  const known = new Float64Array(columns);
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    sums[i % columns]! += value;
    known[i % columns]!++;
  });
  return sums.map((sum, e) => sum / Math.max(1, known[e]!));
}
