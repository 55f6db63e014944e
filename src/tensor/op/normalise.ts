/** Layer normalisation as one operator. */
import { apply, type Op, sameShape, shapeError, type Tensor } from '../tensor.js';
import { add, mul, reciprocal, square, sub } from './arithmetic.js';
import { sum } from './broadcast.js';
import { sqrt } from './function.js';
import { mean } from './reduce.js';

const epsilon = 1e-5;

/** Zero mean and unit variance along the last axis, and the reciprocal standard deviation. */
function standardised(x: Tensor): { z: Tensor; inverse: Tensor } {
  const centred = sub(x, mean(x, [-1], true));
  const inverse = reciprocal(sqrt(add(mean(square(centred), [-1], true), epsilon)));
  return { z: mul(centred, inverse), inverse };
}

const normaliseOp: Op<null> = {
  name: 'normalise',
  shape(inputs) {
    const [x, gain, bias] = inputs as [Tensor, Tensor, Tensor];
    const vector = [x.shape.at(-1)!];
    if (x.dtype !== 'float32' || !sameShape(gain.shape, vector) || !sameShape(bias.shape, vector)) {
      throw shapeError('normalise', 'expected [.., n], [n] and [n]', inputs);
    }
    return { shape: x.shape, dtype: 'float32' };
  },
  emit: (graph, inputs) =>
    graph.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } }),
  vjp(node, g) {
    const [x, gain] = node.inputs as [Tensor, Tensor];
    const { z, inverse } = standardised(x);
    const scaled = mul(g, gain);
    const centre = mean(scaled, [-1], true);
    const slope = mul(z, mean(mul(scaled, z), [-1], true));
    const lead = x.shape.slice(0, -1).map((_, i) => i);
    return [mul(inverse, sub(sub(scaled, centre), slope)), sum(mul(g, z), lead), sum(g, lead)];
  },
  work: (node, size) => 8 * size(node.shape),
};

/** Layer normalisation over the last axis (Ba et al. 2016): x [.., n], gain [n], bias [n]. */
export function normalise(x: Tensor, gain: Tensor, bias: Tensor): Tensor {
  return apply(normaliseOp, [x, gain, bias], null);
}
