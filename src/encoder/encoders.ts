/** The registry of field kinds: one file and one line for each. */
import { type Registry, registry } from '../core/registry.js';
import { category } from './category.js';
import type { Encoder } from './encoder.js';
import { ids } from './ids.js';
import { image } from './image.js';
import { log } from './log.js';
import { number } from './number.js';
import { series } from './series.js';
import { text } from './text.js';
import { time } from './time.js';

export const encoders: Registry<Encoder> = registry('field', [
  number,
  category,
  text,
  ids,
  image,
  series,
  time,
  log,
] as unknown as readonly Encoder[]);
