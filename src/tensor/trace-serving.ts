/** The trace of a served model: weights and tables are constants, nothing is random. */
import { mul } from './op/arithmetic.js';
import { expand, reshape } from './op/broadcast.js';
import { cast } from './op/choose.js';
import { gather } from './op/lookup.js';
import { matmul } from './op/matmul.js';
import { quantiseRows } from './quantise.js';
import { shared } from './shared.js';
import { constant, input, type Tensor } from './tensor.js';
import type { Bag, Trace } from './trace-types.js';

/** What was learned, by name. */
export interface Learned {
  readonly weights: Readonly<Record<string, Float32Array>>;
  readonly tables: Readonly<Record<string, Float32Array>>;
}

/** The padded ids [B, L] and weights [B, L] of one bag; padding is id 0 with weight 0. */
export interface BagInputs {
  readonly ids: Tensor;
  readonly weights: Tensor;
}

export interface ServingTrace extends Trace {
  readonly training: false;
  /** Bags that were read, by port. */
  readonly bags: ReadonlyMap<string, BagInputs>;
}

interface StoredTable {
  /** [rows, width], float32 or int8. */
  readonly rows: Tensor;
  /** [rows], only of a quantised table. */
  readonly scales?: Tensor;
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

function storedTable(
  data: Float32Array,
  rows: number,
  width: number,
  quantise: boolean,
): StoredTable {
  if (!quantise) return { rows: constant(data, [rows, width]) };
  const { values, scales } = quantiseRows(data, rows, width);
  return { rows: constant(values, [rows, width]), scales: constant(scales, [rows]) };
}

/** The weighted sum [B, width] of the rows of a table. */
function lookUp({ ids, weights }: BagInputs, { rows, scales }: StoredTable): Tensor {
  const [, length] = ids.shape;
  const scaled = scales === undefined ? weights : mul(weights, gather(scales, ids));
  const entries = cast(gather(rows, ids), 'float32');
  const summed = matmul(reshape(scaled, ['B', 1, length!]), entries);
  return reshape(summed, ['B', rows.shape[1]!]);
}

/** A trace over learned values; `quantise` stores tables as int8 with one scale per row. */
export function servingTrace(
  values: Learned,
  { quantise = false }: { readonly quantise?: boolean } = {},
): ServingTrace {
  const bags = new Map<string, BagInputs>();
  const weights = shared<Tensor>('weight');
  const tables = shared<Tensor>('table');
  const bagInputs = ({ port }: Bag): BagInputs => {
    const shape = ['B', `${port}:length`];
    const known = bags.get(port);
    if (known !== undefined) return known;
    const made = {
      ids: input(`${port}:ids`, shape, 'int32'),
      weights: input(`${port}:weights`, shape),
    };
    bags.set(port, made);
    return made;
  };
  return {
    training: false,
    bags,
    weight: (name, shape) =>
      weights.get(name, `[${shape.join(', ')}]`, () =>
        constant(found(values.weights, 'weight', name), shape),
      ),
    table: (name, bag, width) =>
      tables.get(name, `[${bag.width}, ${width}] over ${bag.port}`, () => {
        const data = found(values.tables, 'table', name);
        return lookUp(bagInputs(bag), storedTable(data, bag.width, width, quantise));
      }),
    dropout: (x) => x,
    noise: (shape) => expand(constant(0), shape),
  };
}
