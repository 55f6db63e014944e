/** Reads what imported models give: probabilities or logits of labels in any order, and amounts. */
import { type Fault, MonbanError, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import {
  add,
  clip,
  concat,
  constant,
  div,
  gather,
  log,
  logSoftmax,
  maximum,
  mul,
  neg,
  softplus,
  sub,
} from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { AmountScale } from './amount.js';
import { floor } from './gaussian.js';
import type { Adopted, Foreign, Truth } from './objective.js';

/** The log-probability of a label that the model does not know: about one in a million. */
const unknown = Math.log(1e-6);
/** No probability is read as less, and no logit or scaled amount as further from 0. */
const least = 1e-7;
const furthest = 1e4;

type Labels = readonly (string | number)[];

const listed = (labels: Labels): string => labels.slice(0, 20).map(show).join(', ');

/** A single number is that of the second of two labels. */
const isSingle = ({ width, classes = [] }: Foreign): boolean => width === 1 && classes.length === 2;

function classFaults(foreign: Foreign, labels: Labels, where: string): Fault[] {
  const { classes, width } = foreign;
  const all = `labels of the target in the order of the output: ${listed(labels)}`;
  if (classes === undefined) {
    const todo = `add "classes: [${labels.slice(0, 20).join(', ')}]", in the order in which the model was trained`;
    return [{ where: `${where}.classes`, expected: all, found: 'nothing', todo }];
  }
  const names = labels.map(String);
  const faults = classes.flatMap((name, i): Fault[] => {
    const at = `${where}.classes[${i}]`;
    if (name === null) return [];
    if (classes.indexOf(name) < i)
      return [{ where: at, expected: 'every label once', found: `${show(name)} again` }];
    if (names.includes(name)) return [];
    const close = nearest(name, names);
    const todo =
      close === undefined ? 'write null to pass it over' : `did you mean "${close}"? Or write null`;
    return [
      { where: at, expected: `a label of the target: ${listed(labels)}`, found: show(name), todo },
    ];
  });
  if (!isSingle(foreign) && classes.length !== width) {
    const expected = `as many as the model's output has numbers, ${width}`;
    faults.push({ where: `${where}.classes`, expected, found: `${classes.length}` });
  }
  return faults;
}

function givesFault(gives: string, valid: readonly string[], where: string): Fault[] {
  if (valid.includes(gives)) return [];
  return [
    { where: `${where}.gives`, expected: `${valid.join(' or ')} for this objective`, found: gives },
  ];
}

/** Logits or probabilities [B, width] as log-probabilities of the model's own labels. */
function ownLogs(said: Tensor, foreign: Foreign): Tensor {
  const { gives } = foreign;
  if (gives === 'probabilities') {
    const whole = isSingle(foreign) ? concat([sub(1, said), said], 1) : said;
    return log(clip(whole, least, 1));
  }
  const near = clip(said, -furthest, furthest);
  if (!isSingle(foreign)) return logSoftmax(near);
  return concat([neg(softplus(near)), neg(softplus(neg(near)))], 1);
}

/** Log-probabilities in the order of the target; a label that the model does not know is unlikely. */
export function adoptLabels(foreign: Foreign, labels: Labels, where: string): Adopted {
  const faults = [
    ...givesFault(foreign.gives, ['probabilities', 'logits'], where),
    ...classFaults(foreign, labels, where),
  ];
  if (faults.length > 0) throw new MonbanError(faults);
  const classes = foreign.classes!;
  const order = labels.map((label) => classes.indexOf(String(label)));
  const places = Int32Array.from(order, (at) => (at < 0 ? classes.length : at));
  return {
    start: {},
    unsaid: foreign.gives === 'logits' ? 0 : 1 / classes.length,
    forward(_trace, said) {
      const own = ownLogs(said, foreign);
      // What is not of this target is passed over, and the others share its probability.
      const strange = add(mul(gather(own, constant(Int32Array.of(0)), 1), 0), unknown);
      return logSoftmax(gather(concat([own, strange], 1), constant(places), 1));
    },
  };
}

/** Amounts [B, 1] as mean and log spread on the learned scale; held-out rows say how far it errs. */
export function adoptAmount(foreign: Foreign, scale: AmountScale, where: string): Adopted {
  const faults = givesFault(foreign.gives, ['value'], where);
  if (foreign.classes !== undefined) {
    const todo = 'remove it';
    faults.push({
      where: `${where}.classes`,
      expected: 'none for an amount',
      found: show(foreign.classes),
      todo,
    });
  }
  if (foreign.width !== 1) {
    const expected = 'one number a record';
    faults.push({ where: `${where}.output`, expected, found: `${foreign.width} numbers` });
  }
  if (faults.length > 0) throw new MonbanError(faults);
  return {
    start: { spread: Float32Array.of(0) },
    unsaid: scale.log ? Math.exp(scale.centre) : scale.centre,
    fit: (outputs, truth) => ({ spread: Float32Array.of(Math.log(errorOf(outputs, truth))) }),
    forward(trace, said) {
      const learned = scale.log ? log(maximum(said, 1e-30)) : said;
      const mean = clip(div(sub(learned, scale.centre), scale.scale), -furthest, furthest);
      const spread = trace.weight('spread', [1], { kind: 'zeros' });
      return concat([mean, add(mul(mean, 0), spread)], 1);
    },
  };
}

/** Root of the mean squared error of raw outputs [N, 2], never below the least spread. */
function errorOf(outputs: Float32Array, truth: Truth): number {
  let sum = 0;
  let rows = 0;
  truth.forEach((value, row) => {
    if (Number.isNaN(value)) return;
    sum += (value - outputs[row * 2]!) ** 2;
    rows++;
  });
  return rows === 0 ? 1 : Math.max(floor, Math.sqrt(sum / rows));
}
