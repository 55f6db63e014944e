/** Committees: an expert as several networks that begin differently, whose outputs are averaged. */
import { z } from 'zod';
import { average } from '../tensor/blocks.js';
import { mean, reshape, slice } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Features, type Trace, within } from '../tensor/trace.js';
import type { GradientModel } from './expert.js';

/** The option of kinds that may be committees. */
export const membersOption = z
  .int()
  .min(1)
  .max(16)
  .describe('networks that begin differently and are averaged: dearer, but less is left to chance');

/**
 * Networks in one graph, each of which learns by itself: the mean of their outputs errs less than one of
 * them (deep ensembles, Lakshminarayanan et al. 2017).
 */
type Committee = Pick<GradientModel, 'forward' | 'each'>;

/** A committee of `members` networks, of which `network` lays out one: outputs [B, W]. */
export function committee(
  members: number,
  network: (trace: Trace, features: Features) => Tensor,
): Committee {
  const each = (trace: Trace, features: Features): Tensor[] => {
    if (members === 1) return [network(trace, features)];
    return Array.from({ length: members }, (_, m) =>
      network(within(trace, `member${m}`), features),
    );
  };
  return { each, forward: (trace, features) => average(each(trace, features)) };
}

/** A committee of networks that are laid out at once: `networks` gives [members, B, W]. */
export function sideBySide(networks: (trace: Trace, features: Features) => Tensor): Committee {
  return {
    each(trace, features) {
      const all = networks(trace, features);
      const [members, batch, width] = all.shape as [number, string, number];
      return Array.from({ length: members }, (_, m) =>
        reshape(slice(all, 0, m, m + 1), [batch, width]),
      );
    },
    forward: (trace, features) => mean(networks(trace, features), [0]),
  };
}
