/** What an expert is: a model that reads some ports and says something about the target. */
import type { ZodType } from 'zod';
import type { Port } from '../core/column.js';
import type { Random } from '../core/random.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Features, Trace } from '../tensor/trace.js';

/** Ports of every field: field name, then port name. */
export type FieldPorts = Readonly<Record<string, Readonly<Record<string, Port>>>>;

/** How an expert is trained by default; every number can be set in the spec. */
export interface Schedule {
  /** Most passes over the rows; early stopping usually ends sooner. */
  readonly epochs: number;
  /** Rows per step. */
  readonly batch: number;
  /** AdamW step size of dense weights. */
  readonly rate: number;
  /** Adagrad step size of hashed tables. */
  readonly tableRate: number;
  readonly weightDecay: number;
  /** Label smoothing, 0 to 1. */
  readonly smoothing: number;
  /** Epochs without a better held-out loss before training stops. */
  readonly patience: number;
  /** Epochs from one look at held-out rows to the next; 1 where it is not given. */
  readonly every?: number;
}

/** A dense port of a batch: [B, ..] row after row. */
export interface DenseFeed {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** A graph traced for the training step, and again for serving: outputs [B, W]. */
export interface GradientModel {
  readonly by: 'gradient';
  forward(trace: Trace, features: Features): Tensor;
  /** Changes the dense ports of a training batch in place, at random, so that no two passes are alike. */
  vary?(feeds: Readonly<Record<string, DenseFeed>>, stream: Random): void;
}

export type Model = GradientModel;

/** One expert kind. */
export interface Expert<C = unknown> {
  readonly kind: string;
  /** One sentence for `monban kinds`. */
  readonly summary: string;
  readonly config: ZodType<C>;
  readonly schedule: Schedule;
  /** Names of the ports it can read, as encoders call them. */
  readonly ports: readonly string[];
  /** A model of `outputs` numbers per row over the features, which are named `field:port`. */
  build(outputs: number, config: C): Model;
}

/** The ports (`field:port`) of the fields that bear one of the names that an expert can read. */
export function readable(fields: FieldPorts, names: readonly string[]): string[] {
  return Object.entries(fields).flatMap(([field, ports]) =>
    Object.keys(ports)
      .filter((port) => names.includes(port))
      .map((port) => `${field}:${port}`),
  );
}
