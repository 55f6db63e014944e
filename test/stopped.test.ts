/** Runs that are stopped or killed while they write: nothing half-written, and the next run works. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openBundle } from '../src/mixture/bundle.js';
import { saveBundle } from '../src/mixture/save.js';
import { train } from '../src/train/train.js';
import { animals, small } from './animals.js';

const bin = resolve('bin/monban.mjs');
const folder = mkdtempSync(join(tmpdir(), 'monban-stopped-'));
const rows = (count: number) =>
  `say,weight,eats,animal\n${'meow,4,meat,cat\nmoo,500,grass,cow\n'.repeat(count / 2)}`;

beforeAll(async () => {
  saveBundle(await train(small(1), animals(60)), join(folder, 'model'));
  writeFileSync(join(folder, 'few.csv'), rows(40));
  writeFileSync(join(folder, 'many.csv'), rows(100_000));
  expect(monban('init', 'many.csv', '--target', 'animal', '--out', 'many.yaml')).toBe(0);
});
let before: string[] = [];
beforeEach(() => {
  before = readdirSync(folder).sort();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function monban(...args: string[]): number | null {
  return spawnSync(process.execPath, [bin, ...args], { cwd: folder }).status;
}

/** Runs a command until `ready` says so, then sends the signal; gives what was said. */
async function stop(args: string[], signal: NodeJS.Signals, ready: (said: string) => boolean) {
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder });
  let said = '';
  child.stderr.on('data', (part) => {
    said += String(part);
  });
  const timer = setInterval(() => {
    if (!ready(said)) return;
    clearInterval(timer);
    child.kill(signal);
  }, 5);
  const [, by] = await once(child, 'close');
  clearInterval(timer);
  expect(by).toBe(signal);
  return said;
}

const writing = () => readdirSync(folder).some((name) => name.startsWith('.answers'));

test.each([
  ['SIGINT', 'answers.parquet'],
  ['SIGTERM', 'answers.csv'],
  ['SIGHUP', 'answers.jsonl'],
] as const)('%s in predict leaves nothing of %s', async (signal, out) => {
  const said = await stop(['predict', 'model', 'many.csv', '--out', out], signal, writing);
  expect(said).toBe('stopped; nothing was written\n');
  expect(readdirSync(folder).sort()).toEqual(before);
});

test.each(['answers.parquet', 'answers.csv'])(
  'after kill -9 the next run to %s works',
  async (out) => {
    await stop(['predict', 'model', 'many.csv', '--out', out], 'SIGKILL', writing);
    expect(existsSync(join(folder, out))).toBe(false);
    expect(monban('predict', 'model', 'few.csv', '--out', out)).toBe(0);
    expect(readdirSync(folder).sort()).toEqual([...before, out].sort());
    rmSync(join(folder, out));
  },
);

test.each(['SIGTERM', 'SIGKILL'] as const)(
  '%s in train keeps the bundle that was there',
  async (signal) => {
    const { id } = openBundle(join(folder, 'model'));
    const args = ['train', 'many.yaml', '--out', 'model'];
    await stop(args, signal, (said) => said.includes('experts'));
    expect(openBundle(join(folder, 'model')).id).toBe(id);
    rmSync(join(folder, 'model.resume'), { recursive: true, force: true });
    expect(readdirSync(folder).sort()).toEqual(before);
  },
);

test('signals that come in a hail do not end the cleaning', async () => {
  const args = ['predict', 'model', 'many.csv', '--out', 'answers.csv'];
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder });
  let said = '';
  child.stderr.on('data', (part) => {
    said += String(part);
  });
  const timer = setInterval(() => {
    if (writing()) for (let i = 0; i < 20; i++) child.kill('SIGTERM');
  }, 1);
  await once(child, 'close');
  clearInterval(timer);
  expect(said).toBe('stopped; nothing was written\n');
  expect(readdirSync(folder).sort()).toEqual(before);
});
