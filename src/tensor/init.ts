/** How weights start. */
import type { Random } from '../core/random.js';
import { elements } from '../onnx/types.js';

export type Init =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal' | 'uniform'; readonly scale: number }
  | { readonly kind: 'he' | 'glorot' }
  | { readonly kind: 'data'; readonly data: Float32Array };

/** Starting values of a table for which none are given. */
export const tableInit: Init = { kind: 'uniform', scale: 0.05 };

/** Standard deviation for a weight [.., fan in, fan out]. */
function spread(
  init: Init & { kind: 'normal' | 'uniform' | 'he' | 'glorot' },
  shape: readonly number[],
): number {
  const fanIn = shape.at(-2) ?? shape[0] ?? 1;
  const fanOut = shape.at(-1) ?? 1;
  if (init.kind === 'normal' || init.kind === 'uniform') return init.scale;
  return init.kind === 'he' ? Math.sqrt(2 / fanIn) : Math.sqrt(2 / (fanIn + fanOut));
}

/** Starting values; `scale` is the deviation of a normal and the half-width of a uniform start; `he` is He et al. 2015, `glorot` Glorot & Bengio 2010, both normal. */
export function initialise(init: Init, shape: readonly number[], random: Random): Float32Array {
  const size = elements(shape);
  if (init.kind === 'zeros') return new Float32Array(size);
  if (init.kind === 'constant') return new Float32Array(size).fill(init.value);
  if (init.kind === 'data') {
    if (init.data.length === size) return Float32Array.from(init.data);
    throw new Error(`initialise: ${init.data.length} numbers for the shape [${shape.join(', ')}]`);
  }
  if (init.kind === 'uniform') {
    const data = new Float32Array(size);
    for (let i = 0; i < size; i++) data[i] = init.scale * (2 * random.uniform() - 1);
    return data;
  }
  const scale = spread(init, shape);
  const data = new Float32Array(size);
  for (let i = 0; i < size; i++) data[i] = scale * random.normal();
  return data;
}
