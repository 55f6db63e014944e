/** A disk that is really full while a training runs and while its bundle is written. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { animals } from './animals.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-full-'));
const small = join(folder, 'small');
const bin = resolve('bin/monban.mjs');

/** Runs a script where `small` is a disk of its own, which ends with the script. */
function onDisk(kilobytes: number, script: string) {
  const mount = `mount -t tmpfs -o size=${kilobytes}k none "$SMALL" || exit 99`;
  const env = { ...process.env, SMALL: small, NODE: process.execPath, MONBAN: bin };
  const options = { cwd: folder, encoding: 'utf8', env } as const;
  return spawnSync('unshare', ['-rm', 'bash', '-c', `${mount}\n${script}`], options);
}

mkdirSync(small);
const skipped = onDisk(64, 'true').status !== 0;
const why = skipped ? ' (skipped: no right to mount a disk, see unshare -rm)' : '';
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const train = '"$NODE" "$MONBAN" train';

beforeAll(() => {
  const { values, target } = animals(1200);
  const text = (value: unknown) => (value === null || Number.isNaN(value) ? '' : String(value));
  const lines = Array.from(target as readonly string[], (animal, i) =>
    [text(values.say![i]), text(values.weight![i]), animal].join(','),
  );
  writeFileSync(join(folder, 'rows.csv'), `say,weight,animal\n${lines.join('\n')}\n`);
  const many = new Array(20).fill(lines.join('\n')).join('\n');
  writeFileSync(join(folder, 'many.csv'), `say,weight,animal\n${many}\n`);
  const spec = (rows: string, training: string) => `data: { source: ${rows}, target: animal }
fields: { say: text, weight: number }
experts:
  linear: { kind: linear, training: { epochs: 2 } }
  voice: { kind: text, width: 8, hidden: 8, training: { epochs: 2 } }
gate: { kind: linear, pool: mixture, topK: 1, epochs: 2 }
training: { threads: 0, crossFitBelow: 0${training} }
`;
  writeFileSync(join(folder, 'rows.yaml'), spec('rows.csv', ''));
  writeFileSync(join(folder, 'many.yaml'), spec('many.csv', ', memory: 1'));
});

test.skipIf(skipped)(
  `a training goes on, says so, leaves no half bundle, and the next one has its bytes${why}`,
  () => {
    const { status, stdout, stderr } = onDisk(
      40,
      `${train} rows.yaml --out "$SMALL/model" >/dev/null; echo "code $?"
find "$SMALL" -type f -printf '%P\\n'
mount -o remount,size=8m "$SMALL"
${train} rows.yaml --out "$SMALL/model" --json | grep -o '"id":"[0-9a-f]*"' | head -1
find "$SMALL" -mindepth 1 -maxdepth 1 -printf 'then %P\\n'
${train} rows.yaml --out whole --json | grep -o '"id":"[0-9a-f]*"' | head -1`,
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(/nothing more is kept for a later run; ENOSPC: the disk is full; free/);
    expect(stderr).toContain('small/model: expected to be able to write it, got ENOSPC');
    expect(stderr).toMatch(/resuming: [12] of 2 experts are done/);
    const lines = stdout.trim().split('\n');
    const left = lines.filter((line) => !/^(code|then|"id)/.test(line));
    expect(lines[0]).toBe('code 1');
    expect(left.length).toBeGreaterThan(0);
    for (const file of left) expect(file).toMatch(/^model\.resume\/[\w-]+\.(done|part)$/);
    const ids = lines.filter((line) => line.startsWith('"id'));
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
    expect(lines.filter((line) => line.startsWith('then'))).toEqual(['then model']);
  },
);

test.skipIf(skipped)(`rows that find no room are an error that says what to do${why}`, () => {
  const script = `TMPDIR="$SMALL" ${train} many.yaml --out other; echo "code $?"; find "$SMALL" -type f`;
  const { stdout, stderr } = onDisk(64, script);
  expect(stdout).toBe('code 1\n');
  expect(stderr).toMatch(/room for the rows that do not fit into memory, got ENOSPC; free some/);
  expect(existsSync(join(folder, 'other'))).toBe(false);
});
