/** Blocks that experts and gates are made of: features taken to numbers, hidden layers. */

import type { Init } from './init.js';
import { activation, linear, type linears } from './layer.js';
import { add, concat, mul } from './ops.js';
import type { Tensor } from './tensor.js';
import type { Bag, Feature, Features, Trace } from './trace.js';

/** True for a ragged feature, which only a table can read. */
export function isBag(feature: Feature): feature is Bag {
  return 'form' in feature;
}

/** Adds tensors of one shape; throws on an empty list. */
export function total(terms: readonly Tensor[]): Tensor {
  return terms.reduce((a, b) => add(a, b));
}

/** The mean of tensors of one shape; throws on an empty list. */
export function average(terms: readonly Tensor[]): Tensor {
  return terms.length === 1 ? terms[0]! : mul(total(terms), 1 / terms.length);
}

const inColumns = (parts: readonly Tensor[]): Tensor =>
  parts.length === 1 ? parts[0]! : concat(parts, 1);

/** Every feature taken to `width` numbers by a table or a matrix, and summed: [B, width]. */
export function project(
  trace: Trace,
  name: string,
  features: Features,
  width: number,
  init: Init = { kind: 'zeros' },
): Tensor {
  const joined = trace.joined?.project(name, features, width);
  if (joined !== undefined) return joined;
  const terms = Object.entries(features).map(([port, feature]) =>
    isBag(feature)
      ? trace.table(`${name}/${port}`, feature, width, init)
      : linear(trace, `${name}/${port}`, feature, width, { bias: false, init }),
  );
  return total(terms);
}

/**
 * Every feature embedded by itself to `width` numbers, side by side, the bags before the others:
 * [B, features x width].
 */
export function embed(trace: Trace, name: string, features: Features, width: number): Tensor {
  const joined = trace.joined?.embed(name, features, width);
  if (joined !== undefined) return joined;
  const rows: Tensor[] = [];
  const dense: Tensor[] = [];
  for (const [port, feature] of Object.entries(features)) {
    if (isBag(feature)) rows.push(trace.table(`${name}/${port}`, feature, width));
    else dense.push(linear(trace, `${name}/${port}`, feature, width));
  }
  // One activation for all dense ports: of hundreds of ports every node is felt.
  if (dense.length > 0) rows.push(activation('relu', inColumns(dense)));
  return inColumns(rows);
}

export interface Hidden {
  readonly width: number;
  readonly depth: number;
  readonly dropout: number;
}

/** Hidden layers: linear (or as many as there are networks, by `layer`), ReLU, dropout, `depth` times. */
export function hidden(
  trace: Trace,
  name: string,
  x: Tensor,
  { width, depth, dropout }: Hidden,
  layer: typeof linears = linear,
): Tensor {
  let h = x;
  for (let i = 0; i < depth; i++) {
    h = trace.dropout(activation('relu', layer(trace, `${name}/${i}`, h, width)), dropout);
  }
  return h;
}
