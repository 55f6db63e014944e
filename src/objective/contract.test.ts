/** The contract of an objective, run on every kind: shapes, gradients, pools, calibration, scores. */
import { expect, test } from 'vitest';
import { type Random, random } from '../core/random.js';
import type { Values } from '../data/column.js';
import { runBoth } from '../runtime/plain/agree.test.kit.js';
import { type Arrays, type Numbers, openSession } from '../runtime/session.js';
import { finiteDifferences } from '../tensor/check.js';
import { emit } from '../tensor/emit.js';
import { gradients } from '../tensor/grad.js';
import { constant, input, sum } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Objective, PoolName, Truth } from './objective.js';
import { objectives } from './objectives.js';
import { notAsked } from './pool.js';

const rows = 40;
const pools: readonly PoolName[] = ['product', 'mixture'];
const targets: Readonly<Record<string, (stream: Random) => Values>> = {
  classification: (stream) =>
    Array.from({ length: rows }, () => ['red', 'green', 'blue'][stream.below(3)]!),
  regression: (stream) => Float64Array.from({ length: rows }, () => 500 + 90 * stream.normal()),
};

interface Case {
  readonly objective: Objective;
  readonly state: unknown;
  readonly truth: Truth;
  readonly raw: Float32Array;
  readonly wide: number;
  readonly width: number;
}

function caseOf(kind: string): Case {
  const stream = random(3, kind);
  const objective = objectives.get(kind);
  const target = targets[kind]!(stream);
  const state = objective.fit(target, objective.config.parse({}), 'target');
  const wide = objective.outputs(state);
  const raw = Float32Array.from({ length: rows * wide }, () => stream.normal() / 2);
  const truth = objective.encode(target, state, 'target');
  return { objective, state, truth, raw, wide, width: objective.answerWidth(state) };
}

/** Runs the graph of named outputs on those of the feeds that it reads. */
async function run(
  outputs: Record<string, Tensor>,
  feeds: Arrays,
): Promise<Record<string, Numbers>> {
  return (await runBoth(emit({ name: 'contract', outputs }), feeds)).said;
}

const array = (data: Numbers['data'], ...dims: number[]): Numbers => ({ data, dims });
const floats = (numbers: Numbers | undefined) => numbers!.data as Float32Array;

async function answersOf({ objective, raw, wide }: Case, calibration = objective.uncalibrated) {
  const answer = objective.calibrated(input('raw', ['B', wide]), calibration);
  return floats((await run({ answer }, { raw: array(raw, rows, wide) })).answer);
}

/** The slopes of a scalar by the rules of its operators, and by differences. */
async function expectSlopes(scalar: Tensor, wanted: readonly Tensor[], feeds: Arrays) {
  const names = ['a', 'b'].slice(0, wanted.length);
  const slopes = gradients(scalar, wanted as Tensor[]) as readonly Tensor[];
  const outputs = Object.fromEntries(slopes.map((slope, i) => [names[i]!, slope]));
  const found = await run(outputs, feeds);
  const session = await openSession(emit({ name: 'scalar', outputs: { scalar } }));
  const read = session.inputs.map(({ name }): [string, Numbers] => [name, feeds[name]!]);
  const given = wanted.map((tensor) => floats(feeds[(tensor.attributes as { name: string }).name]));
  const value = async () => {
    const said = await session.run(Object.fromEntries(read));
    return floats(said.scalar)[0]!;
  };
  const expected = await finiteDifferences(value, given, 4e-3);
  await session.close();
  names.forEach((name, i) => {
    const size = 1 + Math.max(...expected[i]!.map(Math.abs));
    floats(found[name]).forEach((slope, at) => {
      expect(Math.abs(slope - expected[i]![at]!)).toBeLessThan(2e-2 * size);
    });
  });
}

test.each(objectives.kinds)(
  '%s: the loss falls along its gradient, as differences say',
  async (kind) => {
    const { objective, state, truth, raw, wide } = caseOf(kind);
    const few = 5;
    const outputs = input('outputs', ['B', wide]);
    const said = input('truth', ['B', 1], objective.truthType);
    const loss = objective.loss(outputs, said, input('weight', ['B', 1]), 0);
    expect(loss.shape).toEqual([]);
    const feeds = {
      outputs: array(raw.slice(0, few * wide), few, wide),
      truth: array(objective.feed(truth.slice(0, few)), few, 1),
      weight: array(objective.rowWeights(truth.slice(0, few), state), few, 1),
    };
    await expectSlopes(loss, [outputs], feeds);
  },
);

test.each(objectives.kinds)('%s: slopes of single rows are those of the loss', async (kind) => {
  const { objective, truth, raw, wide } = caseOf(kind);
  const outputs = input('outputs', ['B', wide]);
  const said = input('truth', ['B', 1], objective.truthType);
  const loss = objective.loss(outputs, said, input('weight', ['B', 1]), 0);
  const [slope] = gradients(loss, [outputs]) as readonly Tensor[];
  const feeds = {
    outputs: array(raw, rows, wide),
    truth: array(objective.feed(truth), rows, 1),
    weight: array(new Float32Array(rows).fill(1), rows, 1),
  };
  const expected = floats((await run({ slope: slope! }, feeds)).slope);
  const gradient = new Float32Array(rows * wide);
  const curvature = new Float32Array(rows * wide);
  objective.slopes(raw, truth, { gradient, curvature });
  gradient.forEach((value, i) => {
    // The loss is a mean over rows.
    expect(value).toBeCloseTo(expected[i]! * rows, 4);
  });
  expect(curvature.every((value) => value > 0)).toBe(true);
  const stepped = raw.map((value, i) => value - gradient[i]! / curvature[i]!);
  const [before, after] = [raw, stepped].map(async (at) => {
    const found = await run({ loss }, { ...feeds, outputs: array(at, rows, wide) });
    return floats(found.loss)[0]!;
  });
  expect(await after!).toBeLessThan(await before!);
});

test.each(objectives.kinds)('%s: rows of unknown truth do not count', async (kind) => {
  const one = caseOf(kind);
  const { objective, state, truth, raw, wide } = one;
  const unknown = truth.map((value, row) => (row % 2 === 0 ? value : Number.NaN));
  expect(Array.from(objective.rowWeights(unknown, state), (weight) => weight > 0)).toEqual(
    Array.from(truth, (_, row) => row % 2 === 0),
  );
  const even = raw.filter((_, i) => Math.floor(i / wide) % 2 === 0);
  const known = truth.filter((_, row) => row % 2 === 0);
  expect(objective.calibrate(raw, unknown, state)).toEqual(objective.calibrate(even, known, state));
  expect(objective.stopLoss(raw, unknown, state)).toBe(objective.stopLoss(even, known, state));
  expect(objective.feed(unknown)).toHaveLength(rows);
  expect(Number(objective.feed(unknown)[1])).toBe(0);
});

test.each(objectives.kinds)('%s: calibration makes held-out rows likelier', async (kind) => {
  const one = caseOf(kind);
  const { objective, state, truth, raw, width, wide } = one;
  const likely = (answers: Float32Array) =>
    objective.likelihoods(answers, truth, state).reduce((a, b) => a + b, 0);
  const before = await answersOf(one);
  expect(before).toHaveLength(rows * width);
  const after = await answersOf(one, objective.calibrate(raw, truth, state));
  expect(likely(after)).toBeGreaterThan(likely(before));
  expect(wide).toBeLessThanOrEqual(width);
});

const pairs = objectives.kinds.flatMap((kind) => pools.map((pool) => [kind, pool] as const));

test.each(pairs)(
  '%s, pool %s: likelihood has the gradient that differences say',
  async (kind, name) => {
    const one = caseOf(kind);
    const { objective, state, truth, width } = one;
    const few = 4;
    const prior = objective.prior(state);
    const outputs = input('outputs', ['B', 2, width]);
    const logWeights = input('logWeights', ['B', 2]);
    const pooled = objective.pools[name].combine(outputs, logWeights, constant(prior, [1, width]));
    expect(pooled.shape).toEqual(['B', one.wide]);
    const said = input('truth', ['B', 1], objective.truthType);
    const scalar = sum(objective.logLikelihood(pooled, said));
    const answers = await answersOf(one);
    const feeds = {
      outputs: array(answers.slice(0, few * 2 * width), few, 2, width),
      logWeights: array(
        Float32Array.from({ length: few * 2 }, (_, i) => -0.3 - (i % 3) / 4),
        few,
        2,
      ),
      truth: array(objective.feed(truth.slice(0, few)), few, 1),
    };
    await expectSlopes(scalar, [outputs, logWeights], feeds);
  },
);

test.each(pairs)(
  '%s, pool %s: who was not asked is not heard, one alone is repeated',
  async (kind, name) => {
    const one = caseOf(kind);
    const { objective, state, width } = one;
    const answers = await answersOf(one);
    const prior = constant(objective.prior(state), [1, width]);
    const pooled = objective.pools[name].combine(
      input('outputs', ['B', 2, width]),
      input('logWeights', ['B', 2]),
      prior,
    );
    const answer = objective.calibrated(pooled, objective.uncalibrated);
    const weights = Float32Array.from({ length: rows }, (_, i) => (i % 2 === 0 ? 0 : notAsked));
    const found = await run(
      { answer },
      {
        outputs: array(answers, rows / 2, 2, width),
        logWeights: array(weights, rows / 2, 2),
      },
    );
    floats(found.answer).forEach((value, i) => {
      const [row, place] = [Math.floor(i / width), i % width];
      expect(value).toBeCloseTo(answers[2 * row * width + place]!, 1);
    });
  },
);

test.each(objectives.kinds)('%s: arrays and graphs agree on likelihood', async (kind) => {
  const one = caseOf(kind);
  const { objective, state, truth, width } = one;
  const answers = await answersOf(one);
  const said = input('truth', ['B', 1], objective.truthType);
  const each = objective.logLikelihood(input('answers', ['B', width]), said);
  const feeds = {
    answers: array(answers, rows, width),
    truth: array(objective.feed(truth), rows, 1),
  };
  const found = floats((await run({ each }, feeds)).each);
  objective.likelihoods(answers, truth, state).forEach((value, row) => {
    // An objective may soften what graphs are fed, as the floor of spreads does.
    expect(Math.abs(value - found[row]!)).toBeLessThan(0.02 * (1 + Math.abs(value)));
  });
});

test.each(objectives.kinds)('%s: prior, constant and even ensemble are answers', async (kind) => {
  const one = caseOf(kind);
  const { objective, state, truth, width } = one;
  const prior = objective.prior(state);
  expect(prior).toHaveLength(width);
  const best = objective.constant!(truth, state);
  const repeat = (answer: Float32Array) =>
    Float32Array.from({ length: rows * width }, (_, i) => answer[i % width]!);
  const likely = (answer: Float32Array) =>
    objective.likelihoods(repeat(answer), truth, state).reduce((a, b) => a + b, 0);
  expect(likely(best)).toBeGreaterThanOrEqual(likely(prior) - 0.5);
  const answers = await answersOf(one);
  const open = Float32Array.from({ length: rows * 2 }, (_, i) => (i < 2 ? 0 : 1));
  const both = objective.even([answers, answers], open, state);
  both.forEach((value, i) => {
    expect(value).toBeCloseTo(i < width ? prior[i]! : answers[i]!, 4);
  });
});

test.each(objectives.kinds)('%s: answers, effects and scores fit what is shown', async (kind) => {
  const one = caseOf(kind);
  const { objective, state, truth, width } = one;
  const answers = await answersOf(one);
  const row = answers.slice(0, width);
  const answer = objective.answer(row, state);
  for (const { cell, type } of objective.shown.columns)
    expect(typeof cell(answer)).toBe(type === 'DOUBLE' ? 'number' : 'string');
  expect(objective.shown.text(answer)).not.toMatch(/NaN|undefined/u);
  expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  const effects = objective.effects(row, answers, state);
  expect(effects).toHaveLength(rows);
  expect(effects[0]).toBe(0);
  const scores = objective.score(answers, truth, state);
  for (const metric of [...objective.shown.leaderboard, objective.headline.metric])
    expect(Number.isFinite(scores[metric])).toBe(true);
  const utility = objective.utility(2, 1, state, 'reward');
  const earned = objective.earned(answers, truth, state, utility);
  expect(Math.max(...earned)).toBeLessThanOrEqual(2);
});
