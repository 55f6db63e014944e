/** The random numbers that a training step is fed. */
import type { Random } from '../core/random.js';
import type { Draw } from '../tensor/trace.js';

/** Fills an array with a dropout mask (0 or 1 / keep, 16 random bits each) or normal noise. */
export function fillDraw({ kind, amount }: Draw, stream: Random, out: Float32Array): void {
  if (kind === 'noise') {
    for (let i = 0; i < out.length; i++) out[i] = amount * stream.normal();
    return;
  }
  const dropped = Math.round(amount * 65536);
  const scale = 65536 / (65536 - dropped);
  for (let i = 0; i < out.length; i += 2) {
    const word = stream.word();
    out[i] = (word & 0xffff) < dropped ? 0 : scale;
    if (i + 1 < out.length) out[i + 1] = word >>> 16 < dropped ? 0 : scale;
  }
}
