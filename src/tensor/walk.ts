/** The order in which the nodes of a graph can run. */
import type { Tensor } from './tensor.js';

/** Every node that `outputs` need, inputs before their users, in an order that is always the same. */
export function nodesOf(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const order: Tensor[] = [];
  const stack: { node: Tensor; next: number }[] = [];
  const visit = (node: Tensor): void => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push({ node, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const child = top.node.inputs[top.next++];
      if (child !== undefined) visit(child);
      else order.push(stack.pop()!.node);
    }
  }
  return order;
}
