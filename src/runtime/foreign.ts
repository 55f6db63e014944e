/** Sessions of models that others wrote: any element type, and outputs that are no tensors. */
import type { InferenceSession, TypedTensor } from 'onnxruntime-node';

/** What a tensor of a foreign model is given or gives, row after row. */
export type ForeignData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Uint8Array
  | Int8Array
  | readonly string[];

export interface ForeignTensor {
  readonly type: string;
  readonly data: ForeignData;
  readonly dims: readonly number[];
}

/** An input or output as the file declares it; a length that is known only at run time is a text. */
export interface ForeignSlot {
  readonly name: string;
  /** `float32`, `int64`, `string` and so on; `sequence` for what is no tensor. */
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

export interface ForeignSession {
  readonly inputs: readonly ForeignSlot[];
  readonly outputs: readonly ForeignSlot[];
  /** The numbers of one output. Throws what ONNX Runtime throws when the model fails. */
  run(feeds: Readonly<Record<string, ForeignTensor>>, output: string): Promise<Float64Array>;
  close(): Promise<void>;
}

function slotOf(value: InferenceSession.ValueMetadata): ForeignSlot {
  if (!value.isTensor) return { name: value.name, type: 'sequence', shape: [] };
  return { name: value.name, type: value.type, shape: value.shape };
}

/** Opens a model that another tool wrote; throws MonbanError at `where` when it cannot be loaded. */
export type OpenForeign = (model: Uint8Array, where: string) => Promise<ForeignSession>;

type Value = TypedTensor<'float32'>;

/** A session over a native one of either build; `Tensor` is that build's own class. */
export function wrapForeign(
  native: InferenceSession,
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Value,
): ForeignSession {
  return {
    inputs: native.inputMetadata.map(slotOf),
    outputs: native.outputMetadata.map(slotOf),
    async run(feeds, output) {
      const values = Object.entries(feeds).map(([name, { type, data, dims }]): [string, Value] => [
        name,
        new Tensor(type as 'float32', data as Float32Array, dims),
      ]);
      const found = await native.run(Object.fromEntries(values), [output]);
      return Float64Array.from(found[output]!.data as Float32Array, Number);
    },
    close: () => native.release(),
  };
}
