/** Reverse-mode differentiation of symbolic graphs. */
import { add } from './op/arithmetic.js';
import { expand } from './op/broadcast.js';
import { constant, sameShape, shapeError, type Tensor } from './tensor.js';
import { nodesOf } from './walk.js';

/** The nodes through which the loss depends on any of `wrt`. */
function dependents(order: readonly Tensor[], wrt: readonly Tensor[]): Set<Tensor> {
  const found = new Set(wrt);
  for (const node of order) {
    if (node.inputs.some((x) => found.has(x))) found.add(node);
  }
  return found;
}

function checkGradient(node: Tensor, x: Tensor, gradient: Tensor): void {
  if (gradient.dtype === 'float32' && sameShape(gradient.shape, x.shape)) return;
  throw shapeError(`gradient of ${node.op.name}`, 'differs from its operand', [gradient, x]);
}

/** The gradients of a scalar loss, one per entry of `wrt` and of its shape; zeros where unreachable. */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length > 0) throw shapeError('gradients', 'the loss must be a scalar', [loss]);
  const order = nodesOf([loss]);
  const needed = dependents(order, wrt);
  const found = new Map<Tensor, Tensor>([[loss, constant(1)]]);
  for (const node of order.reverse()) {
    const gradient = found.get(node);
    if (gradient === undefined || !node.inputs.some((x) => needed.has(x))) continue;
    const parts = node.op.vjp(node, gradient, node.attributes);
    for (const [i, x] of node.inputs.entries()) {
      const part = parts[i];
      if (part === null || part === undefined || !needed.has(x)) continue;
      checkGradient(node, x, part);
      const sofar = found.get(x);
      found.set(x, sofar === undefined ? part : add(sofar, part));
    }
  }
  return wrt.map((x) => found.get(x) ?? expand(constant(0), x.shape));
}
