/** The kNN gate from end to end: it routes, is kept whole in a bundle, says why, and runs at the edge. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { open } from '../src/edge.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import { openBundle } from '../src/mixture/bundle.js';
import { saveBundle } from '../src/mixture/save.js';
import { explain, type Ground } from '../src/predict/explain.js';
import { explainText } from '../src/predict/explain-text.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { train } from '../src/train/train.js';
import { animals, recordsOf, small } from './animals.js';
import { claims, claimsPlan } from './claims.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-knn-'));
const model = join(folder, 'model');
const kind = { kind: 'knn', k: 20 };
let predictor: Predictor;

beforeAll(async () => {
  saveBundle(await train(small(1, kind), animals(600)), model);
  predictor = await openPredictor(openBundle(model));
});
afterAll(async () => {
  await predictor.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What follows from a ground: the usual, and what the neighbours differ by beyond half an error. */
function scoreOf({ here, error, usual }: Ground): number {
  const beyond = Math.max(0, Math.abs(here - usual) - 0.5 * error);
  return usual + Math.sign(here - usual) * beyond;
}

test('the same seed trains the same bundle, and it scores as well as it should', async () => {
  const again = await train(small(1, kind), animals(600));
  expect(again.id).toBe(predictor.bundle.id);
  expect(predictor.bundle.manifest.gate.kind).toBe('knn');
  const fresh = animals(300, 8);
  const { metrics } = await evaluateRows(predictor, fresh, fresh.target);
  expect(metrics.accuracy).toBeGreaterThan(0.85);
});

test('an explanation counts the neighbours and says how each expert did on them', async () => {
  const explained = await explain(predictor, { say: 'moo', weight: 4, eats: ['grass', 'lot1'] });
  const names = explained.experts.map(({ expert }) => expert);
  expect(explained.grounds.map(({ expert }) => expert)).toEqual(names);
  for (const { records, error } of explained.grounds) {
    expect(records).toBeGreaterThan(0);
    expect(records).toBeLessThanOrEqual(20);
    expect(error).toBeGreaterThanOrEqual(0);
  }
  for (const ground of explained.grounds)
    expect(explained.decision.scores[ground.expert]).toBeCloseTo(scoreOf(ground), 4);
  const text = explainText(explained, predictor.model.objective.shown);
  expect(text).toMatch(/held-out records most like this one:\n {2}linear +\d+ records {2}[+-]/);
});

test('an expert that could be asked about no neighbour has its usual score', async () => {
  // With two neighbours, and a text like no other, both often lack the text; which is up to the training.
  const few = await openPredictor(await train(small(1, { ...kind, k: 2 }), animals(600)));
  let found = 0;
  for (const say of ['moo', 'meow', 'woof'])
    for (const weight of [null, 4, 20, 500])
      for (const eats of [['grass'], ['meat', 'lot3'], ['hay'], null]) {
        const { grounds } = await explain(few, { say, weight, eats });
        for (const { records, here, usual, error } of grounds) {
          if (records > 0) continue;
          found++;
          expect([here, error]).toEqual([usual, 0]);
        }
      }
  await few.close();
  expect(found).toBeGreaterThan(0);
});

test('under WebAssembly it asks the same experts and answers the same', async () => {
  const serve = async (path: string) => {
    const bytes = readFileSync(decodeURIComponent(path));
    return { ok: true, status: 200, arrayBuffer: async () => Uint8Array.from(bytes).buffer };
  };
  const edge = await open(model, { fetch: serve });
  const records = recordsOf(animals(200, 9));
  const [here, there] = [await predictor.decide(records), await edge.decide(records)];
  await edge.close();
  there.forEach(({ route, answer, scores }, i) => {
    expect(route.map(({ expert }) => expert)).toEqual(here[i]!.route.map(({ expert }) => expert));
    expect(answer.value).toBe(here[i]!.answer.value);
    expect(answer.confidence!).toBeCloseTo(here[i]!.answer.confidence!, 5);
    for (const [expert, score] of Object.entries(scores))
      expect(score).toBeCloseTo(here[i]!.scores[expert]!, 4);
  });
});

/** Share of fresh claims sent to the dear expert where the amount settles them, and where not. */
async function sentToDear(gate: object, more?: object) {
  const use = claimsPlan({ kind: 'knn', pool: 'mixture', topK: 1, ...gate }, more);
  const opened = await openPredictor(await train(use, claims(800, 1)));
  const fresh = claims(400, 2);
  const decisions = await opened.decide(recordsOf(fresh));
  const { grounds, decision } = await explain(opened, { amount: -1, note: 'lost item' });
  await opened.close();
  const share = (test: (amount: number) => boolean) => {
    const asked = decisions.filter((_, row) => test(Number(fresh.values.amount![row])));
    return (
      asked.filter(({ route }) => route.some(({ expert }) => expert === 'dear')).length /
      asked.length
    );
  };
  return {
    settled: share((x) => x > 0.2),
    open: share((x) => x < -0.2),
    grounds,
    gains: decision.scores,
  };
}

test('beside a shared expert it asks the dear one where that gained on records like this', async () => {
  const { settled, open, grounds, gains } = await sentToDear({ shared: 'cheap' });
  expect(settled).toBeLessThan(0.25);
  expect(open).toBeGreaterThan(0.95);
  // The shared expert is asked without a reason; the other for the nats that it gained on such records.
  expect(grounds).toMatchObject([{ expert: 'dear', records: 30 }]);
  expect(gains.dear).toBeCloseTo(scoreOf(grounds[0]!), 4);
  expect(grounds[0]!.here).toBeGreaterThan(grounds[0]!.usual + 3 * grounds[0]!.error);
});

test('with a reward the neighbours count in reward', async () => {
  const reward = { right: 1, wrong: 0, experts: { dear: 0.2 } };
  const { settled, open } = await sentToDear({ cost: 0 }, { reward });
  expect(settled).toBeLessThan(0.1);
  expect(open).toBeGreaterThan(0.9);
});
