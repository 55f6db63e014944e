/** Builds one ONNX graph node by node and turns it into the bytes of a model. */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { type Data, type Dtype, dtypeCodes, elements, type Shape } from './types.js';

/** The opset of every model that Monban writes. */
export const opset = 21;
/** The version of the file format of every model that Monban writes. */
export const irVersion = 10;

/** A node's attribute: numbers are integers, `{ float }` is a float, a text is a string. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: TensorProto };

export interface GraphBuilder {
  /** Adds a node and returns the names of its outputs. */
  node(
    type: string,
    inputs: readonly string[],
    attributes?: Attributes,
    outputs?: number,
  ): string[];
  /** Adds a constant; small equal constants are stored once. Returns its name. */
  initialiser(data: Data, dims: readonly number[], dtype: Dtype): string;
  input(name: string, shape: Shape, dtype: Dtype): void;
  /** Declares the value `from` as the output `name`. */
  output(name: string, from: string, shape: Shape, dtype: Dtype): void;
  bytes(): Uint8Array<ArrayBuffer>;
}

type Attributes = Readonly<Record<string, Attribute>>;

function attributeProto(name: string, value: Attribute): AttributeProto {
  const kinds = AttributeProto_AttributeType;
  const make = (fields: Partial<AttributeProto>): AttributeProto =>
    Object.assign(create(AttributeProtoSchema, { name }), fields);
  if (typeof value === 'number') return make({ type: kinds.INT, i: BigInt(value) });
  if (typeof value === 'string') return make({ type: kinds.STRING, s: textBytes(value) });
  if ('float' in value) return make({ type: kinds.FLOAT, f: value.float });
  if ('tensor' in value) return make({ type: kinds.TENSOR, t: value.tensor });
  return make({ type: kinds.INTS, ints: Array.from(value, BigInt) });
}

function textBytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'utf8'));
}

/** The tensor message of some data; little-endian, as every machine that runs Node is. */
export function tensorProto(
  data: Data,
  dims: readonly number[],
  dtype: Dtype,
  name = '',
): TensorProto {
  if (elements(dims) !== data.length) {
    throw new Error(
      `initialiser ${name}: ${data.length} numbers for the shape [${dims.join(', ')}]`,
    );
  }
  const rawData = new Uint8Array(data.byteLength);
  rawData.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const dataType = dtypeCodes[dtype];
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType, rawData });
}

function valueInfo(name: string, shape: Shape, dtype: Dtype): ValueInfoProto {
  const dim = shape.map((d) => ({
    value:
      typeof d === 'number'
        ? { case: 'dimValue' as const, value: BigInt(d) }
        : { case: 'dimParam' as const, value: d },
  }));
  const value = { elemType: dtypeCodes[dtype], shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value } } });
}

function smallKey(data: Data, dims: readonly number[], dtype: Dtype): string | undefined {
  if (data.byteLength > 64) return undefined;
  return `${dtype}/${dims.join(',')}/${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')}`;
}

function renamed(nodes: readonly NodeProto[], names: ReadonlyMap<string, string>): void {
  const rename = (name: string): string => names.get(name) ?? name;
  for (const node of nodes) {
    node.input = node.input.map(rename);
    node.output = node.output.map(rename);
  }
}

/** Starts an empty graph; nodes must be added in an order in which they can run. */
export function graphBuilder(name: string): GraphBuilder {
  const graph = create(GraphProtoSchema, { name });
  const constants = new Map<string, string>();
  const made = new Set<string>();
  const outputNames = new Map<string, string>();
  let serial = 0;
  const builder: GraphBuilder = {
    node(type, inputs, attributes = {}, outputs = 1) {
      const output = Array.from({ length: outputs }, () => `t${serial++}`);
      for (const value of output) made.add(value);
      const attribute = Object.entries(attributes).map(([key, a]) => attributeProto(key, a));
      const input = [...inputs];
      graph.node.push(create(NodeProtoSchema, { opType: type, input, output, attribute }));
      return output;
    },
    initialiser(data, dims, dtype) {
      const key = smallKey(data, dims, dtype);
      const known = key === undefined ? undefined : constants.get(key);
      if (known !== undefined) return known;
      const id = `c${graph.initializer.length}`;
      graph.initializer.push(tensorProto(data, dims, dtype, id));
      if (key !== undefined) constants.set(key, id);
      return id;
    },
    input: (id, shape, dtype) => void graph.input.push(valueInfo(id, shape, dtype)),
    output(id, from, shape, dtype) {
      const free = made.has(from) && !outputNames.has(from);
      const value = free ? from : builder.node('Identity', [from])[0]!;
      outputNames.set(value, id);
      graph.output.push(valueInfo(id, shape, dtype));
    },
    bytes() {
      renamed(graph.node, outputNames);
      outputNames.clear();
      const model = create(ModelProtoSchema, {
        irVersion: BigInt(irVersion),
        producerName: 'monban',
        opsetImport: [{ domain: '', version: BigInt(opset) }],
        graph,
      });
      return new Uint8Array(toBinary(ModelProtoSchema, model));
    },
  };
  return builder;
}
