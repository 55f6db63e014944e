/** AdamW over one flat vector, four numbers at a time in WebAssembly: see decision 0015. */
import { type Code, instantiate, type Memory, memoryOf, wasm } from './wasm.js';

/** The vectors of an optimiser in one memory, each of `size` numbers. */
export interface AdamState {
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  /** The largest norm of the whole gradient; longer ones are scaled down. */
  readonly clip: number;
}

export interface AdamScalars {
  readonly stepSize: number;
  readonly epsilon: number;
  /** What weights that decay lose, as a share. */
  readonly decay: number;
}

export interface Adam extends AdamState {
  /** One step; gives the norm of the gradient before clipping. */
  step(scalars: AdamScalars): number;
}

/** Vectors have a multiple of so many numbers: a cache line, and what one turn of the norm reads. */
export const stride = 16;

const { get, set, v, f, loop } = wasm;

/** (at, end) to the sum of squares of the vector at `base`, in four times four sums. */
function squares(base: number): Code {
  const [at, end, sums] = [0, 1, [2, 3, 4, 5]];
  const square = (i: number): Code => {
    const x = v.load(get(at), base + 16 * i);
    return set(sums[i]!, v.add(get(sums[i]!), v.mul(x, x)));
  };
  const total = v.add(v.add(get(2), get(3)), v.add(get(4), get(5)));
  const lane = (i: number): Code => v.lane(get(2), i);
  return [
    loop(at, get(end), 64, [0, 1, 2, 3].map(square)),
    set(2, total),
    f.add(f.add(lane(0), lane(1)), f.add(lane(2), lane(3))),
  ];
}

/** Names of the parameters of `adamStep` after (at, end), which become locals of four numbers. */
const scalarNames = ['beta1', 'rest1', 'beta2', 'rest2', 'stepSize', 'epsilon', 'decay'] as const;

/** (at, end, scalars) takes a step on the numbers between two offsets. */
function adamStep(bases: Record<keyof AdamState, number>): Code {
  const at = get(0);
  const first = scalarNames.length + 2;
  const scalar = (name: (typeof scalarNames)[number]): Code =>
    get(first + scalarNames.indexOf(name));
  const [g, m, s, p] = [0, 1, 2, 3].map((i) => first + scalarNames.length + i) as [
    number,
    number,
    number,
    number,
  ];
  const change = v.mul(v.div(get(m), v.add(v.sqrt(get(s)), scalar('epsilon'))), scalar('stepSize'));
  const kept = v.sub(get(p), v.mul(get(p), scalar('decay')));
  const moment = (base: number, beta: Code, news: Code): Code =>
    v.add(v.mul(v.load(at, base), beta), news);
  return [
    ...scalarNames.map((_, i) => set(first + i, v.splat(get(2 + i)))),
    loop(0, get(1), 16, [
      set(g, v.load(at, bases.gradients)),
      set(m, moment(bases.first, scalar('beta1'), v.mul(get(g), scalar('rest1')))),
      set(s, moment(bases.second, scalar('beta2'), v.mul(v.mul(get(g), get(g)), scalar('rest2')))),
      v.store(at, bases.first, get(m)),
      v.store(at, bases.second, get(s)),
      set(p, v.load(at, bases.weights)),
      v.store(at, bases.weights, v.sub(kept, change)),
    ]),
  ];
}

function compile(memory: Memory, bases: Record<keyof AdamState, number>) {
  const vectors = (count: number) => new Array<'v128'>(count).fill('v128');
  const numbers = scalarNames.map(() => 'f32' as const);
  return instantiate(
    [
      {
        ...{ name: 'squares', parameters: ['i32', 'i32'], result: 'f32' },
        ...{ locals: vectors(4), body: squares(bases.gradients) },
      },
      {
        ...{ name: 'step', parameters: ['i32', 'i32', ...numbers] },
        ...{ locals: vectors(scalarNames.length + 4), body: adamStep(bases) },
      },
    ],
    memory,
  );
}

/**
 * AdamW (Loshchilov & Hutter 2019) over `size` numbers, a multiple of `stride`, of which those below
 * `decaying`, a multiple of four, decay.
 */
export function createAdam(
  size: number,
  decaying: number,
  { beta1, beta2, clip }: AdamOptions,
): Adam {
  const bytes = size * Float32Array.BYTES_PER_ELEMENT;
  const memory = memoryOf(4 * bytes);
  const vector = (place: number) => new Float32Array(memory.buffer, place * bytes, size);
  const bases = { weights: 0, gradients: bytes, first: 2 * bytes, second: 3 * bytes };
  const { squares: measure, step } = compile(memory, bases);
  return {
    ...{ weights: vector(0), gradients: vector(1), first: vector(2), second: vector(3) },
    step({ stepSize, epsilon, decay }) {
      const norm = Math.sqrt(measure!(0, bytes));
      const scale = Math.min(1, clip / (norm + 1e-12));
      const rest = [beta1, (1 - beta1) * scale, beta2, (1 - beta2) * scale * scale];
      const border = decaying * Float32Array.BYTES_PER_ELEMENT;
      step!(0, border, ...rest, stepSize, epsilon, decay);
      step!(border, bytes, ...rest, stepSize, epsilon, 0);
      return norm;
    },
  };
}

/** The scalars of step number `step` (from 1), corrected as in section 2 of Kingma & Ba 2015. */
export function adamScalars(
  step: number,
  {
    rate,
    beta1,
    beta2,
    weightDecay,
  }: { rate: number; beta1: number; beta2: number; weightDecay: number },
): AdamScalars {
  const second = Math.sqrt(1 - beta2 ** step);
  const stepSize = (rate * second) / (1 - beta1 ** step);
  return { stepSize, epsilon: 1e-8 * second, decay: rate * weightDecay };
}
