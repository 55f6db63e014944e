/** Ragged series, broken and huge pictures, dates in several forms: from init to explain, and what is refused. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../src/core/random.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-odd-values-'));
const at = (name: string): string => join(folder, name);
const bin = resolve('bin/monban.mjs');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command where the files are. */
const run = (input: string, ...args: string[]) =>
  spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8', input });
const json = (input: string, ...args: string[]) => {
  const ran = run(input, ...args, '--json');
  expect(ran.status, ran.stderr).toBe(0);
  return { ...ran, found: JSON.parse(ran.stdout) };
};

const rows = 160;
const moved = (i: number): number => (i * 37) % rows;
/** The same days in four forms, in no order; a fifth of the texts are no day that there is. */
const days: readonly ((day: string, month: string) => string)[] = [
  (day, month) => `2024-${month}-${day}`,
  (day, month) => `2024-${month}-${day}T23:30:00+09:00`,
  (day, month) => `${day}.${month}.2024`,
  (day, month) => `${day}/${month}/2024 07:15`,
];
const two = (value: number): string => String(value).padStart(2, '0');

async function pictureOf(value: number, side = 8): Promise<string> {
  const background = { r: value, g: value, b: value };
  const image = sharp({ create: { width: side, height: side, channels: 3, background } });
  return `data:image/png;base64,${(await image.png().toBuffer()).toString('base64')}`;
}

beforeAll(async () => {
  const stream = random(4, 'odd values');
  const pictures = await Promise.all([pictureOf(40), pictureOf(210)]);
  const huge = await pictureOf(9, 5200);
  const lines = Array.from({ length: rows }, (_, i) => {
    const high = stream.below(2);
    const wave = Array.from({ length: [0, 1, 3, 12][i % 4]! }, () => high + stream.normal() / 4);
    const at = moved(i);
    const day = days[i % days.length]!(two(1 + (at % 28)), two(1 + Math.floor(at / 28)));
    const picture = pictures[high]!;
    const odd = ['nowhere.png', picture.slice(0, 70), 'data:image/png;base64,!!', huge];
    return JSON.stringify({
      wave: i % 10 === 7 ? null : wave,
      day: i % 40 === 3 ? '2024-02-31' : day,
      photo: i % 20 === 9 ? odd[Math.floor(i / 20) % odd.length] : picture,
      label: high === 1 ? 'high' : 'low',
    });
  });
  writeFileSync(at('rows.jsonl'), `${lines.join('\n')}\n`);
});

const experts = `experts:
  table: { kind: linear, training: { epochs: 3 } }
  kernels: { kind: rocket, training: { epochs: 3 } }
  look: { kind: image, size: small, training: { epochs: 3 } }
gate: { kind: linear, epochs: 2 }
training: { crossFitBelow: 0, threads: 0 }
`;

test('ragged, broken, huge and mixed values are read or missing, and what is missing is said', () => {
  const { found } = json('', 'init', 'rows.jsonl', '--target', 'label', '--out', 'rows.yaml');
  const kinds = found.fields.map((field: { kind: string }) => field.kind);
  expect(kinds).toEqual(['series', 'time', 'image']);
  expect(found.fields[1].reason).toMatch(/; 4 are none, such as "2024-02-31"$/);
  const spec = readFileSync(at('rows.yaml'), 'utf8').replace(/^experts:[\s\S]*/m, experts);
  writeFileSync(at('rows.yaml'), spec);
  const trained = json('', 'train', 'rows.yaml', '--out', 'model');
  expect(trained.stderr).toMatch(
    /8 of 160 values count as missing; the first: fields\.photo, record 10: expected a path.*nowhere\.png/,
  );
  expect(trained.stderr).toMatch(
    /4 of 160 values count as missing, wholly or in part; the first: fields\.day, record 4: .*2024-02-31/,
  );
  const scored = json('', 'evaluate', 'model', 'rows.jsonl');
  expect(scored.found.metrics.accuracy).toBeGreaterThan(0.9);
  const { found: predicted, stderr } = json('', 'predict', 'model', 'rows.jsonl');
  expect(stderr).toMatch(/photo: .*it counts as missing/);
  expect(stderr.match(/day: .*2024-02-31.*it counts as missing/g)).toHaveLength(1);
  expect(predicted.decisions).toHaveLength(rows);
  const explained = json('', 'explain', 'model', '--data', 'rows.jsonl', '--row', '70');
  expect(explained.found.decision.missing).toEqual(['photo']);
  expect(explained.stderr).toContain('at most 25000000 pixels');
  const bad = json('{"wave": [], "day": "32.13.2024", "photo": "x.png"}', 'predict', 'model', '-');
  expect(bad.found.decisions[0]).toMatchObject({ missing: ['wave', 'day', 'photo'], route: [] });
});

test('faults name the record of a stream', () => {
  const good = '{"wave": [1, 2]}';
  const { status, stderr } = run(`${good}\n${good}\n{"wave": 5}\n`, 'predict', 'model', '-');
  expect([status, stderr]).toEqual([2, expect.stringContaining('record 3.wave: expected a list')]);
});

test('a reading that is no number is said to be missing', () => {
  const { stderr, found } = json('{"wave": [1, "x", 3]}', 'predict', 'model', '-');
  expect(stderr).toMatch(/^wave: expected finite numbers.*got "x"; .*it counts as missing\n$/);
  expect(found.decisions[0].missing).toEqual(['day', 'photo']);
});

test('a fault far into a file names the record of the file', () => {
  const lines = Array.from({ length: 9000 }, (_, i) => `${i},${i === 8999 ? 5 : ''}`);
  writeFileSync(at('far.csv'), `n,photo\n${lines.join('\n')}\n`);
  const said = expect.stringContaining('photo, record 9000: expected a text or a list, got 5');
  const many = run('', 'predict', 'model', 'far.csv', '--out', 'far-decided.csv');
  expect([many.status, many.stderr]).toEqual([2, said]);
  const one = run('', 'explain', 'model', '--data', 'far.csv', '--row', '9000');
  expect([one.status, one.stderr]).toEqual([2, said]);
});

test('an amount that is always the same teaches nothing', () => {
  writeFileSync(
    at('same.csv'),
    `x,y\n${Array.from({ length: 60 }, (_, i) => `${i},7.5`).join('\n')}\n`,
  );
  const first = run('', 'init', 'same.csv', '--target', 'y', '--out', 'same.yaml');
  expect(first.stderr).toContain('expected at least two different values, got only "7.5"');
  const spec =
    'data: { source: same.csv, target: y }\nfields: { x: number }\nobjective: regression\n';
  writeFileSync(at('same.yaml'), `${spec}experts: { line: linear }\n`);
  const second = run('', 'train', 'same.yaml', '--out', 'same');
  expect(second.stderr).toContain(
    'target y: expected a target with different amounts, got only 7.5',
  );
  expect([first.status, second.status, existsSync(at('same'))]).toEqual([2, 2, false]);
});
