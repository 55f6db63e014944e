/** `explain` and `evaluate` as a stranger uses them: rows of files, faults, test rows, slices. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'monban-explain-'));
const bin = resolve('bin/monban.mjs');

function monban(args: string[], input = '', cwd = folder) {
  const options = { cwd, input, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], options);
  expect(stderr).not.toMatch(/\n {4}at /u);
  return { status, stdout, stderr };
}

function table(rows: number): string {
  const lines = ['lot,size,colour,kind'];
  for (let i = 0; i < rows; i++) {
    const size = [8, 3, 10][i % 3]! + ((i * 7) % 11) / 2;
    const colour = i % 11 === 0 ? '' : ['red', 'blue', 'green'][(i + (i % 5 === 0 ? 1 : 0)) % 3]!;
    lines.push(`${i},${size},${colour},${['apple', 'plum', 'pear'][i % 3]}`);
  }
  return `${lines.join('\n')}\n`;
}

const spec = (data: string, seed: number) => `data: ${data}
fields: { size: number, colour: category }
experts:
  linear: { kind: linear, training: { epochs: 2 } }
  sizes: { kind: tabular, width: 8, depth: 1, reads: [size], training: { epochs: 2 } }
gate: { kind: linear, epochs: 2, topK: 1 }
training: { seed: ${seed}, threads: 0, crossFitBelow: 0 }
`;

beforeAll(() => {
  mkdirSync(join(folder, 'spec'));
  writeFileSync(join(folder, 'spec/fruit.csv'), table(500));
  const split =
    '{ source: fruit.csv, target: kind, split: { by: hash, key: lot, folds: 5, test: 0 } }';
  writeFileSync(join(folder, 'spec/a.yaml'), spec(split, 0));
  writeFileSync(join(folder, 'spec/b.yaml'), spec(split, 1));
  writeFileSync(join(folder, 'spec/all.yaml'), spec('{ source: fruit.csv, target: kind }', 0));
  for (const name of ['a', 'b', 'all'])
    expect(monban(['train', `spec/${name}.yaml`, '--out', name]).status).toBe(0);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('explain takes a row of a file, and says the same of the record itself', () => {
  const row = monban(['explain', 'a', '--data', 'spec/fruit.csv', '--row', '2', '--json']);
  expect(row.status).toBe(0);
  const { row: at, truth, ...found } = JSON.parse(row.stdout);
  expect([at, truth]).toEqual([2, 'plum']);
  const record = monban(['explain', 'a', '-', '--json'], '{"size": 6.5, "colour": "blue"}');
  const same = JSON.parse(record.stdout);
  for (const part of ['route', 'answer', 'experts', 'flip'])
    expect(found[part]).toEqual(same[part]);
  const text = monban(['explain', 'a', '--data', 'spec/fruit.csv', '--row', '500']).stdout;
  expect(text).toContain('Row 500 of spec/fruit.csv (in truth: plum)\nAnswer: ');
});

test.each([
  [['--data', 'spec/fruit.csv', '--row', '501'], '--row: expected a row from 1 to 500'],
  [['--data', 'spec/fruit.csv', '--row', '0'], 'the first row is 1'],
  [
    ['--data', 'spec/fruit.csv', '--row', 'two'],
    'expected a whole number of at least 1, got "two"',
  ],
  [['--data', 'spec/fruit.csv'], '--data alone'],
  [['--row', '3'], '--row alone'],
  [['-', '--data', 'spec/fruit.csv', '--row', '1'], 'also -'],
  [['--data', 'gone.csv', '--row', '1'], 'gone.csv: expected a data file, got no such file'],
  [['--data', 'spec/a.yaml', '--row', '1'], 'expected'],
  [['gone.json'], 'got no such file'],
  [['spec'], 'got a folder'],
  [['-'], 'standard input: expected one JSON object, such as {"amount": 120}, got "{size:'],
])('explain %j is refused in one clear message', (args, said) => {
  const { status, stdout, stderr } = monban(['explain', 'a', ...args], '{size: 3}');
  expect(stderr).toContain(said);
  expect([status, stdout]).toEqual([2, '']);
});

test('evaluate without data takes the test rows, wherever it can find them', () => {
  const here = monban(['evaluate', 'a', '--json', '--base', 'spec']);
  expect(here.status).toBe(0);
  const found = JSON.parse(here.stdout);
  expect(found.rows).toBeGreaterThan(60);
  expect(found.rows).toBeLessThan(140);
  expect(found.baselines.route.accuracy).toBeLessThan(found.metrics.accuracy);
  const there = monban(['evaluate', '../a'], '', join(folder, 'spec'));
  expect(there.stdout).toContain(`${found.rows} test rows (split by hash) of `);
  const lost = monban(['evaluate', 'a']);
  expect([lost.status, lost.stdout]).toEqual([2, '']);
  expect(lost.stderr).toContain('fruit.csv: expected a data file, got no such file; tried in ');
  expect(lost.stderr).toContain('--base DIR');
  const none = monban(['evaluate', 'all', '--base', 'spec']);
  expect([none.status, none.stderr]).toEqual([
    2,
    'all: data.split: expected a spec that keeps test rows, got no split: all rows trained; name data that training did not see: monban evaluate MODEL DATA\n',
  ]);
});

test('evaluate --against and --by print one JSON object, and churn is an alarm', () => {
  const { status, stdout } = monban([
    ...['evaluate', 'a', 'spec/fruit.csv', '--against', 'b', '--by', 'colour', '--json'],
  ]);
  const found = JSON.parse(stdout);
  expect(Object.keys(found.against.metrics)).toEqual(Object.keys(found.metrics));
  expect(found.by.slices.map(({ name }: { name: string }) => name).sort()).toEqual([
    ...['blue', 'green', 'missing', 'red'],
  ]);
  expect(found.against.alarm).toBe(found.against.churn > 0.05);
  expect(status).toBe(found.against.alarm ? 3 : 0);
  const text = monban(['evaluate', 'a', 'spec/fruit.csv', '--against', 'a', '--by', 'size']);
  expect(text.status).toBe(0);
  for (const part of ['Against a', 'std. error', 'Churn: 0.0 %', 'By size:', 'given'])
    expect(text.stdout).toContain(part);
  const wrong = monban(['evaluate', 'a', 'spec/fruit.csv', '--by', 'color']);
  expect([wrong.status, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr).toContain('did you mean "colour"?');
});

test('the helps show an example', () => {
  for (const verb of ['explain', 'evaluate'])
    expect(monban([verb, '--help']).stdout).toMatch(/Example:\n {2}monban /u);
});
