/** A trace whose names begin with those of a part of the model, so that parts can be alike. */
import type { Joined, Trace } from './trace-types.js';

function joinedWithin(joined: Joined, named: (name: string) => string): Joined {
  return {
    project: (name, features, width) => joined.project(named(name), features, width),
    embed: (name, features, width) => joined.embed(named(name), features, width),
    dense: (features) => joined.dense(features),
    fittedTables: (name, features) => joined.fittedTables(named(name), features),
  };
}

/** The trace with `part/` before the name of everything that is learned. */
export function within(trace: Trace, part: string): Trace {
  const named = (name: string): string => `${part}/${name}`;
  return {
    training: trace.training,
    ...(trace.joined === undefined ? {} : { joined: joinedWithin(trace.joined, named) }),
    weight: (name, shape, init, options) => trace.weight(named(name), shape, init, options),
    table: (name, bag, width, init) => trace.table(named(name), bag, width, init),
    fitted: (name, width) => trace.fitted(named(name), width),
    dropout: (x, rate) => trace.dropout(x, rate),
    noise: (shape, scale) => trace.noise(shape, scale),
  };
}
