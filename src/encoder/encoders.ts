/** The registry of field kinds: one file and one line for each. */
import { type Registry, registry } from '../core/registry.js';
import { category } from './category.js';
import type { Encoder } from './encoder.js';
import { ids } from './ids.js';
import { image } from './image.js';
import { number } from './number.js';
import { text } from './text.js';

export const encoders: Registry<Encoder> = registry('field', [
  number,
  category,
  text,
  ids,
  image,
] as unknown as readonly Encoder[]);
