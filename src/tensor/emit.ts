/** Turns symbolic tensors into the bytes of an ONNX model, and counts what they cost. */
import { type GraphBuilder, graphBuilder } from '../onnx/graph.js';
import { toData } from '../onnx/types.js';
import { checkGraph } from './check.js';
import { type Emitter, inputName, inputOp, type Shape, type Tensor } from './tensor.js';
import { nodesOf } from './walk.js';

export interface Emission {
  readonly name: string;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Inputs that become constants of the model. */
  readonly values?: ReadonlyMap<Tensor, Float32Array>;
}

/** Where each symbolic dimension can be read: the first input that has it. */
function symbolSources(inputs: readonly Tensor[]): Map<string, { name: string; axis: number }> {
  const sources = new Map<string, { name: string; axis: number }>();
  for (const x of inputs) {
    for (const [axis, dim] of x.shape.entries()) {
      if (typeof dim === 'string' && !sources.has(dim))
        sources.set(dim, { name: inputName(x), axis });
    }
  }
  return sources;
}

function emitter(graph: GraphBuilder, inputs: readonly Tensor[]): Emitter {
  const sources = symbolSources(inputs);
  const made = new Map<string, string>();
  const once = (key: string, make: () => string): string => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make();
    made.set(key, value);
    return value;
  };
  const constant: Emitter['constant'] = (values, dims, dtype) =>
    graph.initialiser(ArrayBuffer.isView(values) ? values : toData(values, dtype), dims, dtype);
  const node: Emitter['node'] = (type, ins, attributes = {}) =>
    graph.node(type, ins, attributes)[0]!;
  const extent = (symbol: string): string => {
    const source = sources.get(symbol);
    if (source === undefined) throw new Error(`emit: no input has the dimension ${symbol}`);
    return node('Shape', [source.name], { start: source.axis, end: source.axis + 1 });
  };
  const shape = (dims: Shape): string => {
    const fixed = dims.filter((dim) => typeof dim === 'number');
    if (fixed.length === dims.length) return constant(fixed, [fixed.length], 'int64');
    const part = (dim: number | string): string =>
      typeof dim === 'number' ? constant([dim], [1], 'int64') : once(dim, () => extent(dim));
    const parts = dims.map(part);
    if (parts.length === 1) return parts[0]!;
    return once(`[${dims.join(',')}]`, () => node('Concat', parts, { axis: 0 }));
  };
  const ones = (dims: Shape): string =>
    once(`ones[${dims.join(',')}]`, () =>
      node('Expand', [constant([1], [], 'float32'), shape(dims)]),
    );
  return { constant, node, shape, ones, nodes: graph.node };
}

/** The ONNX model that computes `outputs`; the same graph always gives the same bytes. */
export function emit({ name, outputs, values }: Emission): Uint8Array<ArrayBuffer> {
  const order = nodesOf(Object.values(outputs));
  checkGraph(order);
  const graph = graphBuilder(name);
  const inputs = order.filter((x) => x.op === inputOp && !values?.has(x));
  for (const x of inputs) graph.input(inputName(x), x.shape, x.dtype);
  const target = emitter(graph, inputs);
  const emitted = new Map<Tensor, string>();
  for (const node of order) {
    const bound = values?.get(node);
    const value =
      bound === undefined
        ? node.op.emit(
            target,
            node.inputs.map((x) => emitted.get(x)!),
            node.attributes,
            node,
          )
        : graph.initialiser(bound, node.shape as readonly number[], node.dtype);
    emitted.set(node, value);
  }
  for (const [key, node] of Object.entries(outputs)) {
    graph.output(key, emitted.get(node)!, node.shape, node.dtype);
  }
  return graph.bytes();
}

/** Multiply-adds per row: a symbolic `B` counts as 1, other symbols as `lengths` says (else 1). */
export function count(
  { outputs }: Pick<Emission, 'outputs'>,
  lengths: Readonly<Record<string, number>> = {},
): number {
  const size = (shape: Shape): number =>
    shape.reduce<number>((n, dim) => n * (typeof dim === 'number' ? dim : (lengths[dim] ?? 1)), 1);
  const perRow = nodesOf(Object.values(outputs));
  return perRow.reduce(
    (total, node) => total + (node.op.work?.(node, size) ?? size(node.shape)),
    0,
  );
}
