/** Reads an ONNX model back: its inputs, outputs and what it stores. */
import { fromBinary } from '@bufbuild/protobuf';
import { type ModelProto, ModelProtoSchema, type ValueInfoProto } from 'onnx-buf';
import { MonbanError } from '../core/fault.js';
import { type Dim, type Dtype, dtypeBytes, dtypeOf, elements } from './types.js';

/** An input or an output of a model; the dtype is `other` where Monban has no name for it. */
export interface ValueInfo {
  readonly name: string;
  readonly shape: readonly Dim[];
  readonly dtype: Dtype | 'other';
}

export interface Stored {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: Dtype | 'other';
  /** Size in bytes; 0 for a dtype without a name. */
  readonly bytes: number;
}

export interface ModelInfo {
  readonly irVersion: number;
  /** The version of each operator set by domain; '' is the standard one. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initialisers: readonly Stored[];
  /** Operator names in the order of the nodes. */
  readonly operators: readonly string[];
}

export function decode(bytes: Uint8Array, where: string): ModelProto {
  const todo = 'give it an ONNX file, or fetch the file again';
  const expected = 'an ONNX model';
  try {
    const model = fromBinary(ModelProtoSchema, bytes);
    if (model.graph !== undefined) return model;
  } catch (error) {
    throw new MonbanError({ where, expected, found: `damaged bytes (${String(error)})`, todo });
  }
  throw new MonbanError({ where, expected, found: 'a file without a graph', todo });
}

export function readValue(value: ValueInfoProto): ValueInfo {
  const type = value.type?.value;
  if (type?.case !== 'tensorType') return { name: value.name, shape: [], dtype: 'other' };
  const shape = (type.value.shape?.dim ?? []).map(({ value: dim }): Dim => {
    if (dim.case === 'dimValue') return Number(dim.value);
    return dim.case === 'dimParam' ? dim.value : '?';
  });
  return { name: value.name, shape, dtype: dtypeOf(type.value.elemType) ?? 'other' };
}

/** What a model takes, gives and stores; throws MonbanError at `where` when it is not a model. */
export function readModel(bytes: Uint8Array, where = 'model'): ModelInfo {
  const model = decode(bytes, where);
  const graph = model.graph!;
  const initialisers = graph.initializer.map((tensor): Stored => {
    const dims = tensor.dims.map(Number);
    const dtype = dtypeOf(tensor.dataType) ?? 'other';
    const size = dtype === 'other' ? 0 : dtypeBytes[dtype];
    return { name: tensor.name, dims, dtype, bytes: elements(dims) * size };
  });
  const constant = new Set(initialisers.map((stored) => stored.name));
  return {
    irVersion: Number(model.irVersion),
    opsets: Object.fromEntries(model.opsetImport.map((o) => [o.domain, Number(o.version)])),
    inputs: graph.input.filter((value) => !constant.has(value.name)).map(readValue),
    outputs: graph.output.map(readValue),
    initialisers,
    operators: graph.node.map((node) => node.opType),
  };
}
