/** The bundle's files under WebAssembly give the same routes and answers as in Node. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { openDataset } from '../src/data/dataset.js';
import { faultOf } from '../src/data/fixture.js';
import { type Edge, open } from '../src/edge.js';
import { openBundle } from '../src/mixture/bundle.js';
import type { Decision } from '../src/mixture/decision.js';
import { plan } from '../src/mixture/plan.js';
import { saveBundle } from '../src/mixture/save.js';
import { readSpec } from '../src/mixture/spec-file.js';
import type { JsonRecord } from '../src/predict/batch.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { readRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { recordsOf } from './animals.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-edge-'));
const model = join(folder, 'model');
const source = {
  query: `SELECT * FROM 'datasets/packages/packages.parquet' WHERE hash(package) % 20 = 0`,
};

/** What a web server does with a path. */
const serve = async (path: string) => {
  const bytes = readFileSync(decodeURIComponent(path));
  return { ok: true, status: 200, arrayBuffer: async () => Uint8Array.from(bytes).buffer };
};

let edge: Edge;
let native: Predictor;
let records: JsonRecord[];

/** The five most probable classes. */
const probabilities = ({ answer }: Decision): number[] =>
  answer.top!.map(({ probability }) => probability);

/** Each field is left out of three records in ten. */
function hidden(all: readonly JsonRecord[]): JsonRecord[] {
  const stream = random(3, 'hidden');
  return all.map((record) =>
    Object.fromEntries(Object.entries(record).filter(() => stream.uniform() >= 0.3)),
  );
}

beforeAll(async () => {
  const { spec } = readSpec('examples/packages/monban.yaml');
  const experts = Object.fromEntries(
    Object.entries(spec.experts).map(([name, { kind }]) => [
      name,
      { kind, training: { epochs: 2 } },
    ]),
  );
  const use = plan({
    data: { ...spec.data, source },
    fields: spec.fields,
    experts,
    gate: { epochs: 3 },
    training: { crossFitBelow: 0 },
  });
  const data = await openDataset(source);
  const rows = await readRows(use, data, 0);
  const others = await readRows(use, data, 1);
  await data.close();
  saveBundle(await train(use, rows), model);
  records = hidden(recordsOf(others).slice(0, 500));
  native = await openPredictor(openBundle(model));
  edge = await open(model, { fetch: serve });
}, 180_000);
afterAll(async () => {
  await edge?.close();
  await native?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('500 records with random fields hidden: the same routes, and answers within 1e-5', async () => {
  expect(records).toHaveLength(500);
  const here = await native.decide(records);
  const there = await edge.decide(records);
  let most = 0;
  there.forEach((decision, i) => {
    const twin = here[i]!;
    expect(decision.route.map(({ expert }) => expert)).toEqual(
      twin.route.map(({ expert }) => expert),
    );
    expect(decision.answer.value).toBe(twin.answer.value);
    expect(decision.missing).toEqual(twin.missing);
    expect(Object.keys(decision)).toEqual(Object.keys(twin));
    const gap = (a: number, b: number) => Math.abs(a - b);
    most = Math.max(
      most,
      ...probabilities(decision).map((p, c) => gap(p, probabilities(twin)[c]!)),
      ...decision.route.map(({ weight }, r) => gap(weight, twin.route[r]!.weight)),
    );
  });
  expect(most).toBeLessThan(1e-5);
});

test('it explains as Node does, but for the clock', async () => {
  const { explain } = await import('../src/predict/explain.js');
  const here = await explain(native, records[0]!);
  const there = await edge.explain(records[0]!);
  expect(there.tried).toBe(here.tried);
  expect(there.flip?.route).toEqual(here.flip?.route);
  expect(there.experts.map(({ expert, asked }) => [expert, asked])).toEqual(
    here.experts.map(({ expert, asked }) => [expert, asked]),
  );
});

test('a damaged, a lacking and a strange file are faults that name them', async () => {
  const broken = (path: string, text: string) => (address: string) =>
    address.endsWith(path)
      ? Promise.resolve({
          ok: true,
          status: 200,
          arrayBuffer: async () => new TextEncoder().encode(text).buffer as ArrayBuffer,
        })
      : serve(address);
  const at = (fetch: typeof serve) => faultOf(open(model, { fetch }));
  expect(await at(broken('card.json', '{}'))).toMatch(/card\.json: expected a whole .* 2 bytes/);
  expect(await at(broken('bundle.json', 'no'))).toMatch(/bundle\.json: .* not JSON/);
  const gone = async () => ({
    ok: false,
    status: 404,
    arrayBuffer: async () => new ArrayBuffer(0),
  });
  expect(await at(gone)).toMatch(/bundle\.json: expected a file of a bundle, got HTTP status 404/);
  const fault = await faultOf(edge.decide([{ packag: 'x' }]));
  expect(fault).toMatch(/did you mean "package"/);
});
