/** What a killed run left is found by its name and by nobody running under its number. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimTemporary, clearLeftovers, releaseAll, releaseTemporary } from './temporary.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'monban-temporary-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = () => readdirSync(folder).sort();
const write = (path: string, text = 'x') => writeFileSync(path, text);

/** The temporary name that a process which is no more had for `model`. */
function ofTheDead(): string {
  const { pid } = spawnSync(process.execPath, ['--version']);
  return claimTemporary(join(folder, 'model')).replace(`-${process.pid}.tmp`, `-${pid}.tmp`);
}

test('leftovers of the dead are removed, those of the living and of others stay', () => {
  const dead = ofTheDead();
  const living = dead.replace(/-\d+\.tmp$/, `-${process.ppid}.tmp`);
  mkdirSync(dead);
  write(join(dead, 'part'));
  for (const path of [`${dead}.duckdb`, living, dead.replace('.model.', '.other.')]) write(path);
  write(join(folder, '.model.notes'));
  clearLeftovers(join(folder, 'model'));
  expect(names()).toHaveLength(3);
  expect(names()).toContain('.model.notes');
  expect(names().some((name) => name.startsWith('.other.'))).toBe(true);
});

test('what was moved aside comes back where its successor never came', () => {
  const aside = `${ofTheDead()}.old`;
  write(aside, 'precious');
  clearLeftovers(join(folder, 'model'));
  expect(readFileSync(join(folder, 'model'), 'utf8')).toBe('precious');
  write(aside, 'older');
  clearLeftovers(join(folder, 'model'));
  expect(readFileSync(join(folder, 'model'), 'utf8')).toBe('precious');
  expect(names()).toEqual(['model']);
});

test('a release takes the scratch files along, but not what was moved aside', () => {
  const one = claimTemporary(join(folder, 'one'));
  const two = claimTemporary(join(folder, 'two'));
  for (const path of [one, `${one}.duckdb`, `${one}.duckdb.wal`, `${one}.old`, two]) write(path);
  releaseTemporary(one);
  expect(names().filter((name) => name.startsWith('.one'))).toHaveLength(1);
  releaseAll();
  expect(names().filter((name) => name.startsWith('.two'))).toEqual([]);
});
