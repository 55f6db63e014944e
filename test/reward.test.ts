/** A reward from the spec to the decision: it moves the route, and earns more than likelihood does. */
import { expect, test } from 'vitest';
import type { Decision } from '../src/mixture/decision.js';
import { openPredictor } from '../src/predict/predictor.js';
import type { LabelledRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { recordsOf } from './animals.js';
import { claims, claimsPlan } from './claims.js';

const price = 0.2;

const gate = { kind: 'linear', pool: 'mixture', topK: 1, cost: 0, batch: 32, rate: 0.02 };

/** A right answer earns one; asking the dear expert costs its price. */
function earned(decisions: readonly Decision[], truth: LabelledRows['target']): number {
  const each = decisions.map(({ answer, route }, i) => {
    const dear = route.some(({ expert }) => expert === 'dear') ? price : 0;
    return Number(answer.value === truth[i]) - dear;
  });
  return each.reduce((a, b) => a + b, 0) / each.length;
}

async function decide(reward?: object) {
  const use = claimsPlan(gate, reward === undefined ? {} : { reward });
  const predictor = await openPredictor(await train(use, claims(800, 1)));
  const fresh = claims(400, 2);
  const decisions = await predictor.decide(recordsOf(fresh));
  await predictor.close();
  const routes = decisions.map(({ route }) => route[0]!.expert);
  const plain = routes.filter((_, i) => Number(fresh.values.amount![i]) > 0.2);
  const dear = (list: string[]) => list.filter((expert) => expert === 'dear').length / list.length;
  return { routes, earned: earned(decisions, fresh.target), plain: dear(plain), all: dear(routes) };
}

test('a reward changes the decisions and earns more on rows that training did not see', async () => {
  const likelihood = await decide();
  const rewarded = await decide({ right: 1, wrong: 0, experts: { dear: price } });
  const moved = rewarded.routes.filter((expert, i) => expert !== likelihood.routes[i]).length;
  expect(moved / rewarded.routes.length).toBeGreaterThan(0.1);
  expect(rewarded.earned).toBeGreaterThan(likelihood.earned + 0.02);
  // It buys the dear opinion where that pays, and not elsewhere.
  expect(rewarded.plain).toBeLessThan(likelihood.plain);
  expect(rewarded.all).toBeGreaterThan(0.3);
});
