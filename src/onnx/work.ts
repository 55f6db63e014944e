/** Estimates what one record costs in a model that others wrote, from its file alone. */
import { fromBinary } from '@bufbuild/protobuf';
import { type AttributeProto, type ModelProto, ModelProtoSchema, type NodeProto } from 'onnx-buf';

/** One step down a tree takes about as long as so many multiply-adds: it waits for memory. */
const perStep = 30;

function attribute(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((one) => one.name === name);
}

/** Trees x depth of a balanced one, where a node is an ensemble of trees. */
function treeSteps(node: NodeProto): number {
  const ids = attribute(node, 'nodes_treeids')?.ints ?? [];
  const trees = new Set(ids).size;
  return trees === 0 ? 0 : trees * Math.log2(1 + ids.length / trees);
}

/** Numbers in a row of the inputs, one where a length is free. */
function inputSize(model: ModelProto): number {
  const sizes = (model.graph?.input ?? []).map(({ type }) => {
    const dims = type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];
    const places = dims.slice(2).map(({ value }) => (value.case === 'dimValue' ? value.value : 1n));
    return places.reduce((product, length) => product * Number(length), 1);
  });
  return Math.max(1, ...sizes);
}

/**
 * Multiply-adds of one record: every stored number counts once, those of a convolution once at every
 * place of the input (an upper bound), and every step down a tree as thirty.
 */
export function foreignWork(bytes: Uint8Array): number {
  const model = fromBinary(ModelProtoSchema, bytes);
  const nodes = model.graph?.node ?? [];
  const places = inputSize(model);
  const slid = new Set(
    nodes.filter(({ opType }) => opType.startsWith('Conv')).flatMap(({ input }) => input.slice(1)),
  );
  const stored = (model.graph?.initializer ?? []).reduce((sum, { name, dims }) => {
    const size = dims.reduce((product, length) => product * Number(length), 1);
    return sum + size * (slid.has(name) ? places : 1);
  }, 0);
  const numbers = nodes
    .flatMap((node) => [attribute(node, 'coefficients'), attribute(node, 'support_vectors')])
    .reduce((sum, found) => sum + (found?.floats.length ?? 0), 0);
  const steps = nodes.reduce((sum, node) => sum + treeSteps(node), 0);
  return stored + numbers + steps * perStep;
}
