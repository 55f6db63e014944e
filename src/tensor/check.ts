/** What a legal graph is, checked before emission; and gradients by differences, to test the rules. */
import { inputName, inputOp, sameShape, shapeError, type Tensor } from './tensor.js';

function checkNode(node: Tensor): void {
  const { shape, dtype } = node.op.shape(node.inputs, node.attributes);
  if (dtype !== node.dtype || !sameShape(shape, node.shape)) {
    throw shapeError(node.op.name, 'the node differs from its own shape rule', [node]);
  }
}

/** Throws an Error where a node breaks its operator's rule or two inputs share a name. */
export function checkGraph(nodes: readonly Tensor[]): void {
  const names = new Map<string, Tensor>();
  for (const node of nodes) {
    checkNode(node);
    if (node.op !== inputOp) continue;
    const name = inputName(node);
    const other = names.get(name);
    if (other !== undefined) throw shapeError(name, 'two inputs have this name', [other, node]);
    names.set(name, node);
  }
}

/** Central differences of `f` in every element of every array; the arrays are restored. */
export async function finiteDifferences(
  f: (inputs: readonly Float32Array[]) => Promise<number>,
  inputs: readonly Float32Array[],
  step = 1e-2,
): Promise<Float32Array[]> {
  const result: Float32Array[] = [];
  for (const x of inputs) {
    const slope = new Float32Array(x.length);
    for (let i = 0; i < x.length; i++) {
      const before = x[i]!;
      x[i] = before + step;
      const above = await f(inputs);
      const high = x[i]!;
      x[i] = before - step;
      const below = await f(inputs);
      slope[i] = (above - below) / (high - x[i]!);
      x[i] = before;
    }
    result.push(slope);
  }
  return result;
}
