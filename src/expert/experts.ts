/** The registry of expert kinds: one file and one line for each. */
import { type Registry, registry } from '../core/registry.js';
import type { Expert } from './expert.js';
import { fusion } from './fusion.js';
import { ids } from './ids.js';
import { image } from './image.js';
import { linear } from './linear.js';
import { log } from './log.js';
import { onnx } from './onnx.js';
import { rocket } from './rocket.js';
import { tabular } from './tabular.js';
import { tcn } from './tcn.js';
import { text } from './text.js';
import { trees } from './trees.js';

export const experts: Registry<Expert> = registry('expert', [
  linear,
  tabular,
  trees,
  text,
  ids,
  image,
  fusion,
  rocket,
  tcn,
  log,
  onnx,
] as unknown as readonly Expert[]);
