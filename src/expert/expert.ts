/** What an expert is: a model that reads some ports and says something about the target. */
import type { ZodType } from 'zod';
import type { Columns, Port } from '../core/column.js';
import type { Fault } from '../core/fault.js';
import type { Random } from '../core/random.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Features, Learned, Trace } from '../tensor/trace.js';

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

/** Of a kind that takes no gradient steps. */
export const noSteps: Schedule = {
  epochs: 0,
  batch: 1,
  rate: 0,
  tableRate: 0,
  weightDecay: 0,
  smoothing: 0,
  patience: 0,
};

/** A graph traced for the training step, and again for serving: outputs [B, W]. */
export interface GradientModel {
  readonly by: 'gradient';
  forward(trace: Trace, features: Features): Tensor;
  /** Where the outputs are a mean: what it is of, each of which is trained by itself. */
  each?(trace: Trace, features: Features): readonly Tensor[];
  /** Changes the dense ports of a training batch in place, at random, so that no two passes are alike. */
  vary?(feeds: Readonly<Record<string, DenseFeed>>, stream: Random): void;
}

/** What an imported model reads of one port, [B, width] numbers, or one text a row. */
export interface FrozenPart {
  readonly port: string;
  readonly width: number;
  /** The number of each text; another text counts as missing. */
  readonly codes?: Readonly<Record<string, number>>;
  /** Texts that are a 1 in a place of their own; another text is zeros. */
  readonly oneHot?: readonly string[];
  /** How a picture from 0 to 1 is laid out: (pixel x scale - mean) / deviation of its channel. */
  readonly picture?: {
    readonly shape: readonly [height: number, width: number, channels: number];
    readonly channelsFirst: boolean;
    readonly scale: number;
    readonly mean: readonly number[];
    readonly deviation: readonly number[];
  };
}

/** One input of an imported model: parts side by side, then `shape` lengths a row. */
export interface FrozenInput {
  readonly name: string;
  /** The element type, as ONNX Runtime calls it. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly parts: readonly FrozenPart[];
  /** Stands for a value that is missing; null is not a number. */
  readonly missing: number | string | null;
}

/** The one output that is read of an imported model: [B, width] numbers. */
export interface FrozenOutput {
  readonly name: string;
  readonly width: number;
  /** What the numbers are: an objective knows which it can read. */
  readonly gives: string;
  /** The label behind each number, null for one to be passed over. */
  readonly classes?: readonly (string | null)[];
}

/** How a model that others wrote is fed and read; rows go in one by one where it takes no more. */
export interface FrozenWiring {
  readonly inputs: readonly FrozenInput[];
  readonly output: FrozenOutput;
  readonly oneByOne: boolean;
}

/** A model that others trained: it runs in a session of its own, with its own opset, as it is. */
export interface FrozenModel {
  readonly by: 'nothing';
  readonly model: Uint8Array;
  readonly wiring: FrozenWiring;
}

/** Rows, and what they carry: N rows of every port, zeros or an empty bag where a field is hidden. */
export interface Carried {
  readonly rows: number;
  readonly columns: Columns;
}

/** Rows to fit a model to, and what is asked of it. */
export interface FitTask extends Carried {
  /** W */
  readonly outputs: number;
  /** [N] above 0 */
  readonly weights: Float32Array;
  /** [N] a small number: rows of different parts have no group in common. */
  readonly part: Uint8Array;
  /** Writes slope and curvature of each row's loss at outputs [N, W]; see `Objective.slopes`. */
  slopes(outputs: Float32Array, gradient: Float32Array, curvature: Float32Array): void;
  /** Rows about which it says something, and which teach it nothing. */
  readonly held: Carried;
  readonly stream: Random;
}

/** A model on its way, stage by stage. */
export interface Fitting {
  /** [M, W] raw outputs about the held rows as of now. */
  readonly said: Float32Array;
  /** Adds a stage. */
  advance(): void;
  learned(): Learned;
}

/** A model that is fitted to rows without gradient steps through a graph; a graph serves it. */
export interface RowsModel {
  readonly by: 'rows';
  /** Only of a serving trace. */
  forward(trace: Trace, features: Features): Tensor;
  begin(task: FitTask): Fitting;
  /** Rows that it is fitted to at most. */
  readonly rows: number;
  /** Stages at most, and how many without a gain on held-out rows end it. */
  readonly stages: number;
  readonly patience: number;
  /** Numbers that the answer to one record looks up in so many stages. */
  lookups(stages: number): number;
}

export type Model = GradientModel | RowsModel | FrozenModel;

/** What was read from outside for an expert, and the fields it may read. */
export interface Given {
  readonly fields: FieldPorts;
  readonly loaded: unknown;
}

/** One expert kind. */
export interface Expert<C = unknown> {
  readonly kind: string;
  /** One sentence for `monban kinds`. */
  readonly summary: string;
  readonly config: ZodType<C>;
  readonly schedule: Schedule;
  /** Whether its models are used as they are: nothing trains them, so that clones stay alike. */
  readonly frozen?: true;
  /** Whether its models are fitted to rows at once: clones could not specialise step by step. */
  readonly fitted?: true;
  /** Names of the ports it can read, as encoders call them. */
  readonly ports: readonly string[];
  /** The ports it reads, where its options say so; those of `ports` that there are without it. */
  reads?(fields: FieldPorts, config: C): string[];
  /** Reads what it needs from outside, by paths from `base`; throws MonbanError under `where`. */
  load?(config: C, base: string, where: string): Promise<unknown>;
  /** What is wrong with the options, once what was loaded and the fields are known. */
  check?(config: C, given: Given, where: string): readonly Fault[];
  /**
   * A model of `outputs` numbers per row over the features, which are named `field:port`; `given` is
   * for kinds that load something.
   */
  build(outputs: number, config: C, given?: Given): Model;
}

/** The ports (`field:port`) of the fields that bear one of the names that an expert can read. */
export function readable(fields: FieldPorts, names: readonly string[]): string[] {
  return Object.entries(fields).flatMap(([field, ports]) =>
    Object.keys(ports)
      .filter((port) => names.includes(port))
      .map((port) => `${field}:${port}`),
  );
}

/** Up to so many ports each is embedded as widely as the options say. */
const manyPorts = 64;
const narrowest = 4;

/** The numbers for one port of many: what the next layer reads stays about as wide as for 64. */
export function embeddingWidth(most: number, ports: number): number {
  if (ports <= manyPorts) return most;
  return Math.min(most, Math.max(narrowest, Math.floor((most * manyPorts) / ports)));
}
