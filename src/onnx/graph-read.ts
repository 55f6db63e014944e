/** Reads the graph of a model back as plain values: its nodes, and the tensors that it stores. */
import { type AttributeProto, AttributeProto_AttributeType, type TensorProto } from 'onnx-buf';
import { decode, readValue, type ValueInfo } from './read.js';
import { type Data, type Dtype, dtypeBytes, dtypeOf, elements } from './types.js';

export interface StoredTensor {
  readonly data: Data;
  readonly dims: readonly number[];
}

/** An attribute that is a number, whole numbers or a text; others are left out. */
export type PlainAttribute = number | string | readonly number[];

export interface PlainNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, PlainAttribute>>;
}

export interface PlainGraph {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly stored: ReadonlyMap<string, StoredTensor>;
  readonly nodes: readonly PlainNode[];
}

type Make = (buffer: ArrayBuffer) => Data;
const arrays: Readonly<Record<Dtype, Make>> = {
  float32: (buffer) => new Float32Array(buffer),
  int64: (buffer) => new BigInt64Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  uint8: (buffer) => new Uint8Array(buffer),
  int8: (buffer) => new Int8Array(buffer),
  bool: (buffer) => new Uint8Array(buffer),
};

/** Undefined for an element type without a name, and for numbers that are not stored as bytes. */
function storedTensor({ dims, dataType, rawData }: TensorProto): StoredTensor | undefined {
  const dtype = dtypeOf(dataType);
  const lengths = dims.map(Number);
  if (dtype === undefined || rawData.length !== elements(lengths) * dtypeBytes[dtype])
    return undefined;
  // A copy: the bytes of a message need not lie where numbers can be read.
  return { data: arrays[dtype](Uint8Array.from(rawData).buffer), dims: lengths };
}

function attributeOf({ type, i, f, s, ints }: AttributeProto): PlainAttribute | undefined {
  if (type === AttributeProto_AttributeType.INT) return Number(i);
  if (type === AttributeProto_AttributeType.FLOAT) return f;
  if (type === AttributeProto_AttributeType.INTS) return ints.map(Number);
  if (type === AttributeProto_AttributeType.STRING) return new TextDecoder().decode(s);
  return undefined;
}

/** The graph of a model; throws MonbanError at `where` when it is not a model. */
export function readGraph(bytes: Uint8Array, where = 'model'): PlainGraph {
  const graph = decode(bytes, where).graph!;
  const stored = new Map<string, StoredTensor>();
  for (const tensor of graph.initializer) {
    const found = storedTensor(tensor);
    if (found !== undefined) stored.set(tensor.name, found);
  }
  return {
    inputs: graph.input.map(readValue),
    outputs: graph.output.map(readValue),
    stored,
    nodes: graph.node.map(({ opType, input, output, attribute }) => ({
      type: opType,
      inputs: input,
      outputs: output,
      attributes: Object.fromEntries(
        attribute.flatMap((one) => {
          const value = attributeOf(one);
          return value === undefined ? [] : [[one.name, value]];
        }),
      ),
    })),
  };
}
