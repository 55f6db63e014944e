/** The trace of a training step: weights, table sums and random draws are inputs. */
import { type Init, tableInit } from './init.js';
import { mul } from './op/arithmetic.js';
import { shared } from './shared.js';
import { input, type Shape, type Tensor } from './tensor.js';
import type { TableUse, Trace, Weight } from './trace-types.js';

/** Random numbers that a step is fed: a dropout mask (0 or 1 / keep) or normal noise. */
export interface Draw {
  readonly name: string;
  readonly kind: 'dropout' | 'noise';
  /** The share dropped, or the standard deviation. */
  readonly amount: number;
  readonly shape: Shape;
  readonly tensor: Tensor;
}

export interface TrainingTrace extends Trace {
  readonly training: true;
  readonly weights: Weight[];
  readonly tables: TableUse[];
  readonly draws: Draw[];
}

function describeInit(init: Init): string {
  if (init.kind === 'data') return `${init.data.length} numbers`;
  return JSON.stringify(init);
}

/** A trace that collects what training must learn and draw. */
export function trainingTrace(): TrainingTrace {
  const weights = shared<Weight>('weight');
  const tables = shared<TableUse>('table');
  const draws: Draw[] = [];
  const draw = (kind: Draw['kind'], shape: Shape, amount: number): Tensor => {
    const name = `draw:${draws.length}`;
    const tensor = input(name, shape);
    draws.push({ name, kind, amount, shape, tensor });
    return tensor;
  };
  return {
    training: true,
    get weights() {
      return weights.all();
    },
    get tables() {
      return tables.all();
    },
    draws,
    weight(name, shape, init, { decay = shape.length > 1 } = {}) {
      const description = `[${shape.join(', ')}] from ${describeInit(init)}`;
      const make = (): Weight => ({
        name,
        shape,
        init,
        decay,
        tensor: input(`weight:${name}`, shape),
      });
      return weights.get(name, description, make).tensor;
    },
    table(name, { port, width: rows }, width, init = tableInit) {
      const description = `[${rows}, ${width}] over ${port} from ${describeInit(init)}`;
      const tensor = (): Tensor => input(`table:${name}`, ['B', width]);
      return tables.get(name, description, () => {
        return { name, port, rows, width, init, tensor: tensor(), mode: 'sum' };
      }).tensor;
    },
    fitted(name) {
      throw new Error(`rows ${name}: no training step can fit them`);
    },
    dropout: (x, rate) => (rate === 0 ? x : mul(x, draw('dropout', x.shape, rate))),
    noise: (shape, scale = 1) => draw('noise', shape, scale),
  };
}
