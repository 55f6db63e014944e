/** The graph of one training step: loss, extras and all gradients. */
import { emit } from './emit.js';
import { gradients } from './grad.js';
import type { Tensor } from './tensor.js';
import type { TableUse, Weight } from './trace-types.js';

export interface StepParts {
  /** A scalar. */
  readonly loss: Tensor;
  readonly weights: readonly Weight[];
  readonly tables: readonly TableUse[];
  /** Further outputs by name. */
  readonly extra?: Readonly<Record<string, Tensor>>;
}

export interface TrainingStep {
  /**
   * The ONNX model: output `loss`, `extra:<name>`, `gradient:weight:<name>` as the weight and
   * `gradient:table:<name>` [B, width].
   */
  readonly forwardBackward: Uint8Array<ArrayBuffer>;
}

/** Differentiates the loss and emits everything as one model. */
export function trainingStep({ loss, weights, tables, extra = {} }: StepParts): TrainingStep {
  const learned = [
    ...weights.map(({ name, tensor }) => ({ key: `gradient:weight:${name}`, tensor })),
    ...tables.map(({ name, tensor }) => ({ key: `gradient:table:${name}`, tensor })),
  ];
  const slopes = gradients(
    loss,
    learned.map(({ tensor }) => tensor),
  );
  const outputs: Record<string, Tensor> = { loss };
  for (const [name, tensor] of Object.entries(extra)) outputs[`extra:${name}`] = tensor;
  for (const [i, { key }] of learned.entries()) outputs[key] = slopes[i]!;
  return { forwardBackward: emit({ name: 'step', outputs }) };
}
