/** Committees: an expert as several networks that begin differently, whose outputs are averaged. */
import { z } from 'zod';
import { total } from '../tensor/blocks.js';
import { mul } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Features, type Trace, within } from '../tensor/trace.js';
import type { GradientModel } from './expert.js';

/** The option of kinds that may be committees. */
export const membersOption = z
  .int()
  .min(1)
  .max(16)
  .describe('networks that begin differently and are averaged: dearer, but less is left to chance');

/** Lays out one network, number `member`, through a trace of its own: outputs [B, W]. */
type Member = (own: Trace, member: number) => Tensor;

/**
 * A model of `members` networks in one graph, each of which learns by itself: the mean of their outputs
 * errs less than one of them (deep ensembles, Lakshminarayanan et al. 2017). `open` lays out what
 * they have in common.
 */
export function committee(
  members: number,
  open: (trace: Trace, features: Features) => Member,
): Pick<GradientModel, 'forward' | 'each'> {
  const each = (trace: Trace, features: Features): Tensor[] => {
    const member = open(trace, features);
    if (members === 1) return [member(trace, 0)];
    return Array.from({ length: members }, (_, m) => member(within(trace, `member${m}`), m));
  };
  return {
    each,
    forward: (trace, features) => mul(total(each(trace, features)), 1 / members),
  };
}
