/** A trace whose names begin with those of a part of the model, so that parts can be alike. */
import type { Trace } from './trace-types.js';

/** The trace with `part/` before the name of everything that is learned. */
export function within(trace: Trace, part: string): Trace {
  const named = (name: string): string => `${part}/${name}`;
  return {
    training: trace.training,
    weight: (name, shape, init, options) => trace.weight(named(name), shape, init, options),
    table: (name, bag, width, init) => trace.table(named(name), bag, width, init),
    fitted: (name, width) => trace.fitted(named(name), width),
    dropout: (x, rate) => trace.dropout(x, rate),
    noise: (shape, scale) => trace.noise(shape, scale),
  };
}
