/** The trace of a served model: weights and tables are constants, nothing is random. */
import { joinInputs } from './joined.js';
import { expand } from './op/broadcast.js';
import type { ServedPorts } from './served-ports.js';
import { shared } from './shared.js';
import { constant, type Tensor } from './tensor.js';
import type { Features, Joined, Trace } from './trace-types.js';

/** What was learned, by name. */
export interface Learned {
  readonly weights: Readonly<Record<string, Float32Array>>;
  readonly tables: Readonly<Record<string, Float32Array>>;
}

export interface ServingTrace extends Trace {
  readonly training: false;
  readonly joined: Joined;
  /** The ports of the graph, which share its inputs. */
  readonly features: Features;
}

export interface ServingOptions {
  /** What the graph is fed; see `feedNames`. */
  readonly ports?: ServedPorts;
  /** Stores tables as int8 with one scale per row. */
  readonly quantise?: boolean;
}

function found(
  values: Readonly<Record<string, Float32Array>>,
  what: string,
  name: string,
): Float32Array {
  const data = values[name];
  if (data === undefined) throw new Error(`${what} ${name}: nothing was learned under this name`);
  return data;
}

/** A trace over learned values. */
export function servingTrace(
  values: Learned,
  { ports = {}, quantise = false }: ServingOptions = {},
): ServingTrace {
  const weights = shared<Tensor>('weight');
  const tables = shared<Tensor>('table');
  const rows = shared<Tensor>('rows');
  const inputs = joinInputs(ports, {
    weight: (name) => found(values.weights, 'weight', name),
    table: (name) => found(values.tables, 'table', name),
    quantise,
  });
  return {
    training: false,
    joined: inputs,
    features: inputs.features,
    weight: (name, shape) =>
      weights.get(name, `[${shape.join(', ')}]`, () =>
        constant(found(values.weights, 'weight', name), shape),
      ),
    table: (name, bag, width) =>
      tables.get(name, `[${bag.width}, ${width}] over ${bag.port}`, () =>
        inputs.table(name, bag, width),
      ),
    fitted: (name, width) =>
      rows.get(name, `[N, ${width}]`, () => {
        const data = found(values.weights, 'rows', name);
        return constant(data, [data.length / width, width]);
      }),
    dropout: (x) => x,
    noise: (shape) => expand(constant(0), shape),
  };
}
