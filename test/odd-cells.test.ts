/** Marks of missing numbers, and answers that are true or false, from init to explain. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run as evaluate } from '../src/cli/verb/evaluate.js';
import { run as explain } from '../src/cli/verb/explain.js';
import { run as init } from '../src/cli/verb/init.js';
import { run as predict } from '../src/cli/verb/predict.js';
import { run as train } from '../src/cli/verb/train.js';
import { openDataset } from '../src/data/dataset.js';
import { inferKinds } from '../src/data/infer.js';
import { rowWriter } from '../src/data/write.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-odd-'));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a verb prints as its one JSON object. */
async function said(verb: () => Promise<number>): Promise<Record<string, unknown>> {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const error = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(await verb()).toBe(0);
    expect(out).toHaveBeenCalledTimes(1);
    return JSON.parse(String(out.mock.calls[0]![0]));
  } finally {
    out.mockRestore();
    error.mockRestore();
  }
}

const marks = ['NA', 'n/a', 'null', '-', '?', ' NaN '];
const rows = Array.from({ length: 120 }, (_, i) => ({
  age: i % 10 === 0 ? marks[(i / 10) % marks.length]! : String(20 + (i % 7) + (i % 2) * 10),
  zip: ['01234', '90210', 'NA'][i % 3]!,
  ok: i % 9 === 4 ? null : i % 4 === 0,
  good: i % 2 === 1,
}));

beforeAll(async () => {
  const lines = rows.map(({ age, zip, ok, good }) => `${age},${zip},${ok ?? ''},${good}`);
  writeFileSync(at('rows.csv'), `age,zip,ok,good\n${lines.join('\n')}\n`);
  const writer = await rowWriter(at('rows.parquet'), [
    { name: 'age', type: 'VARCHAR' },
    { name: 'zip', type: 'VARCHAR' },
    { name: 'ok', type: 'BOOLEAN' },
    { name: 'good', type: 'BOOLEAN' },
  ]);
  await writer.write(rows);
  await writer.close();
});

test('numbers beside marks are numbers; codes and words beside them are not', async () => {
  const kindsOf = async (cells: string[]) => {
    writeFileSync(at('cells.csv'), `x,y\n${cells.map((cell) => `${cell},1`).join('\n')}\n`);
    const data = await openDataset(at('cells.csv'));
    const [field] = (await inferKinds(data)).fields;
    await data.close();
    return `${field!.kind}: ${field!.reason}`;
  };
  expect(await kindsOf(['1.5', 'NA', '-2e3', '?', '+.5', 'NA'])).toBe(
    'number: 3 numbers; 3 cells count as missing: ? NA',
  );
  for (const odd of ['0123', '1,5', 'x', '1 2', '0x1f', '1_000', 'inf'])
    expect(await kindsOf(['1', 'NA', `"${odd}"`, '2'])).toMatch(/^category/);
  expect(await kindsOf(['NA', '-', 'NA', '?'])).toMatch(/^category/);
  expect(await kindsOf(['yes', 'no', 'yes'])).toMatch(/^category/);
});

test.each(['csv', 'parquet'])(
  'a model of a %s file reads marks and answers true or false',
  async (ending) => {
    const spec = at(`${ending}.yaml`);
    const found = await said(() =>
      init([at(`rows.${ending}`)], { target: 'good', out: spec, json: true }),
    );
    expect(found.fields).toContainEqual({
      column: 'age',
      kind: 'number',
      reason: expect.stringMatching(/12 cells count as missing: - \? NA NaN n\/a null/),
    });
    expect(readFileSync(spec, 'utf8')).toContain('zip: category');
    const model = at(ending);
    await said(() => train([spec], { out: model, json: true }));
    for (const file of ['rows.csv', 'rows.parquet']) {
      const scored = await said(() => evaluate([model, at(file)], { json: true }));
      const { accuracy } = scored.metrics as { accuracy: number };
      expect(scored).toMatchObject({ rows: 120, unseen: 0 });
      expect(accuracy).toBeGreaterThan(0.95);
      const { decisions } = await said(() => predict([model, at(file)], { json: true }));
      const answers = (decisions as { answer: string }[]).map(({ answer }) => answer);
      const right = rows.filter(({ good }, i) => answers[i] === String(good)).length;
      expect(right / rows.length).toBe(1);
    }
    const options = { data: at('rows.parquet'), row: '2', json: true };
    const { truth, decision } = await said(() => explain([model], options));
    expect([truth, (decision as { answer: { value: string } }).answer.value]).toEqual([
      'true',
      'true',
    ]);
    writeFileSync(at('one.json'), '{"age": "NA", "zip": "NA", "ok": true}');
    const one = await said(() => explain([model, at('one.json')], { json: true }));
    expect((one.decision as { missing: string[] }).missing).toEqual(['age']);
  },
  120_000,
);
