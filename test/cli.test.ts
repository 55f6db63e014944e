/** The command line as a stranger uses it: real processes, real files. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'monban-cli-'));
const bin = resolve('bin/monban.mjs');

function monban(args: string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder,
    input,
    encoding: 'utf8',
  });
  expect(stderr).not.toMatch(/\n {4}at /u);
  return { status, stdout, stderr };
}

function table(rows: number): string {
  const lines = ['size,colour,note,kind'];
  for (let i = 0; i < rows; i++) {
    const kind = ['apple', 'plum', 'pear'][i % 3]!;
    const size = [8, 3, 10][i % 3]! + ((i * 7) % 5) / 4;
    const colour = i % 11 === 0 ? '' : ['red', 'blue', 'green'][i % 3]!;
    lines.push(
      `${size},${colour},a ${['round crisp', 'small sweet', 'long soft'][i % 3]} fruit number ${i},${kind}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

beforeAll(() => {
  writeFileSync(join(folder, 'fruit.csv'), table(400));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('init, train, evaluate, predict and explain, with defaults alone', () => {
  expect(
    monban(['init', 'fruit.csv', '--target', 'kind', '--out', 'm.yaml', '--json']).status,
  ).toBe(0);
  const trained = monban(['train', 'm.yaml', '--out', 'model', '--json']);
  expect(trained.stderr).toContain('gate');
  expect(JSON.parse(trained.stdout).id).toMatch(/^[0-9a-f]{64}$/u);
  const flattering = monban(['evaluate', 'model', 'fruit.csv', '--json']);
  expect(flattering.stderr).toContain('trained on a file of this name, fruit.csv; ');
  copyFileSync(join(folder, 'fruit.csv'), join(folder, 'others.csv'));
  expect(monban(['evaluate', 'model', 'others.csv', '--json']).stderr).not.toContain('trained on');
  const scored = JSON.parse(flattering.stdout);
  expect(scored.rows).toBe(400);
  expect(scored.metrics.accuracy).toBeGreaterThan(0.9);
  expect(Object.keys(scored.metrics)).toEqual([
    'accuracy',
    'macroF1',
    'auc',
    'averagePrecision',
    'logLoss',
    'brier',
    'ece',
  ]);
  expect(scored.cost.expertsPerRecord).toBeGreaterThan(0);
  expect(monban(['predict', 'model', 'fruit.csv', '--out', 'answers.jsonl']).status).toBe(0);
  expect(readFileSync(join(folder, 'answers.jsonl'), 'utf8').trim().split('\n')).toHaveLength(400);
  const record = '{"size": 3, "colour": "blue"}';
  expect(JSON.parse(monban(['predict', 'model', '-'], record).stdout).answer.value).toBe('plum');
  expect(monban(['explain', 'model', '-'], record).stdout).toContain('Asked: ');
});

test("the caller's mistakes end with 2, one clear message and nothing written", () => {
  const wrong = [
    ['init', 'nothing.csv', '--target', 'kind', '--out', 'x.yaml'],
    ['init', 'fruit.csv', '--target', 'kindd', '--out', 'x.yaml'],
    ['train', 'nothing.yaml', '--out', 'x'],
    ['evaluate', 'nowhere', 'fruit.csv'],
    ['kinds', 'tabulr'],
    ['train', '--nonsense'],
    ['nonsense'],
  ];
  for (const args of wrong) {
    const { status, stderr, stdout } = monban(args);
    expect([args.join(' '), status]).toEqual([args.join(' '), 2]);
    expect(stderr.trim()).not.toBe('');
    expect(stdout).toBe('');
    const { error } = JSON.parse(monban([...args, '--json']).stdout);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/./u) });
  }
  expect(existsSync(join(folder, 'x.yaml')) || existsSync(join(folder, 'x'))).toBe(false);
});

test('predict --json prints one JSON object of all decisions', () => {
  const file = JSON.parse(monban(['predict', 'model', 'fruit.csv', '--json']).stdout);
  expect(file.rows).toBe(400);
  expect(file.decisions).toHaveLength(400);
  const input = '{"size": 3}\n{"size": 10}\n';
  const { rows, decisions } = JSON.parse(monban(['predict', 'model', '-', '--json'], input).stdout);
  expect([rows, decisions.length]).toEqual([2, 2]);
  expect(decisions[0].answer.value).toBe('plum');
  expect(monban(['predict', 'model', '-', '--out', 'x.csv'], input).stderr).toContain('--out: ');
});

test('kinds prints one JSON object', () => {
  const { kinds } = JSON.parse(monban(['kinds', '--json']).stdout);
  expect(kinds.map(({ kind }: { kind: string }) => kind)).toContain('fusion');
});

test('Ctrl-C in training leaves no half bundle', async () => {
  writeFileSync(join(folder, 'many.csv'), table(30000));
  expect(monban(['init', 'many.csv', '--target', 'kind', '--out', 'many.yaml']).status).toBe(0);
  const child = spawn(process.execPath, [bin, 'train', 'many.yaml', '--out', 'half'], {
    cwd: folder,
  });
  let said = '';
  child.stderr.on('data', (part) => {
    said += String(part);
    if (said.includes('experts') && !said.includes('stopped')) child.kill('SIGINT');
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGINT');
  expect(said).toMatch(/stopped; (nothing was written|what is done is in half\.resume)/);
  expect(existsSync(join(folder, 'half'))).toBe(false);
});
