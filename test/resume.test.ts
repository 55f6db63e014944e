/** Trainings that are killed, interrupted or find a damaged checkpoint end with the same bytes. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { openBundle } from '../src/mixture/bundle.js';
import type { TrainEvent } from '../src/train/event.js';
import { train } from '../src/train/train.js';
import { animals, crossFitted, small } from './animals.js';

const rows = 300;
const folder = mkdtempSync(join(tmpdir(), 'monban-resume-'));
const kept = join(folder, 'kept');
const files = () => (existsSync(kept) ? readdirSync(kept).sort() : []);
let whole = '';

beforeAll(async () => {
  whole = (await train(small(1), animals(rows))).id;
});
beforeEach(() => rmSync(kept, { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly id?: string;
  readonly messages: readonly string[];
}

/** Runs a training in a process, which is killed when it has told `most` events of its phases. */
async function runUntil(threads: number, memory: number, most: number): Promise<Ran> {
  const script = resolve('dist/test/resume-run.js');
  const child: ChildProcess = spawn(process.execPath, [
    script,
    kept,
    `${threads}`,
    `${memory}`,
    `${rows}`,
  ]);
  const messages: string[] = [];
  let count = 0;
  let id: string | undefined;
  for await (const line of createInterface({ input: child.stdout! })) {
    const event = JSON.parse(line) as Partial<TrainEvent> & { id?: string };
    if (event.id !== undefined) id = event.id;
    if (event.message !== undefined && event.who === undefined) messages.push(event.message);
    if (event.who !== undefined && event.phase !== 'encode' && ++count === most)
      child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return { ...(id === undefined ? {} : { id }), messages };
}

// With a hundredth of a megabyte for them the rows wait in a file.
test.each([
  [0, 64],
  [2, 0.01],
])('kill -9 again and again: the same bytes (threads %i, memory %d)', async (threads, memory) => {
  const stream = random(3, `kills/${threads}`);
  const expected = (await train(crossFitted(1, threads, memory), animals(rows))).id;
  const said: string[] = [];
  let kills = 0;
  for (;;) {
    // Past a few events something new is kept, so that every run comes further.
    const { id, messages } = await runUntil(threads, memory, 4 + stream.below(5));
    said.push(...messages);
    if (id !== undefined) {
      expect(id).toBe(expected);
      break;
    }
    kills++;
    expect(kills).toBeLessThan(40);
  }
  expect(kills).toBeGreaterThan(3);
  expect(said.some((text) => /^resuming: \d of 4 experts are done/.test(text))).toBe(true);
  expect(said.some((text) => text.includes('had begun'))).toBe(true);
  expect(said.filter((text) => !text.startsWith('resuming'))).toEqual([]);
});

describe('a checkpoint', () => {
  /** Trains in this process; gives what was said of checkpoints, and the id. */
  async function again(plan = small(1), data = animals(rows)) {
    const said: string[] = [];
    let trained = 0;
    const bundle = await train(plan, data, {
      checkpoint: { folder: kept, every: 0 },
      onEvent: ({ message, who, phase }) => {
        if (message !== undefined && who === undefined) said.push(message);
        if (phase === 'experts' && who !== undefined) trained++;
      },
    });
    return { id: bundle.id, said, trained };
  }

  test('spares everything that is done', async () => {
    expect(await again()).toMatchObject({ id: whole, said: [] });
    const second = await again();
    expect(second).toMatchObject({ id: whole, trained: 0 });
    expect(second.said[0]).toBe('resuming: 4 of 4 experts are done');
  });

  test.each([
    [
      'a changed byte',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[bytes.length >> 1]! ^= 1;
        writeFileSync(path, bytes);
      },
    ],
    ['a torn end', (path: string) => truncateSync(path, 100)],
    ['nothing in it', (path: string) => truncateSync(path, 0)],
  ] as const)('with %s is not used, which is said', async (_, damage) => {
    await again();
    const paths = files().map((name) => join(kept, name));
    paths.forEach(damage);
    const second = await again();
    expect(second.id).toBe(whole);
    expect(second.trained).toBeGreaterThan(0);
    expect(second.said.filter((text) => text.includes('is damaged and is not used'))).toHaveLength(
      paths.length,
    );
  });

  test('under the name of another is not used', async () => {
    await again();
    const [first, second] = files().filter((name) => !name.includes('-gate_'));
    writeFileSync(join(kept, first!), readFileSync(join(kept, second!)));
    expect((await again()).id).toBe(whole);
  });

  test('of another spec or other data is never used', async () => {
    await again();
    const seeded = await again(small(2));
    const anew = 'kept by a training of another spec, data or version; this one begins anew';
    expect(seeded.said).toEqual([`${kept}: ${anew}`]);
    expect(seeded.id).toBe((await train(small(2), animals(rows))).id);
    const other = animals(rows);
    (other.values.weight as Float64Array)[0] = 41;
    const changed = await again(small(2), other);
    expect(changed.said).toEqual([`${kept}: ${anew}`]);
    expect(changed.id).toBe((await train(small(2), other)).id);
  });

  test('leaves files alone that are not its own', async () => {
    mkdirSync(kept);
    writeFileSync(join(kept, 'notes.txt'), 'mine');
    await again();
    await again(small(2));
    expect(readFileSync(join(kept, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test('that cannot be written is a warning, and one only', async () => {
    writeFileSync(kept, 'a file in the way');
    const { id, said } = await again();
    expect(id).toBe(whole);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^nothing more is kept for a later run; /);
  });
});

describe('monban train', () => {
  const bin = resolve('bin/monban.mjs');
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' });
  const spec = (seed: number) => `
data: { source: animals.csv, target: animal }
fields: { say: text, weight: number, eats: category }
experts:
  linear: { kind: linear, training: { epochs: 6 } }
  voice: { kind: text, width: 8, hidden: 8, training: { epochs: 6 } }
  fusion: { kind: fusion, training: { epochs: 6 } }
gate: { kind: linear, pool: mixture, topK: 1, epochs: 3 }
training: { seed: ${seed}, threads: 2 }
`;

  beforeAll(() => {
    const { values, target } = animals(1200);
    const text = (value: unknown) => (value === null || Number.isNaN(value) ? '' : String(value));
    const lines = Array.from(target as readonly string[], (animal, i) =>
      [
        text(values.say![i]),
        text(values.weight![i]),
        text(values.eats![i]).split(',')[0],
        animal,
      ].join(','),
    );
    writeFileSync(join(folder, 'animals.csv'), `say,weight,eats,animal\n${lines.join('\n')}\n`);
    writeFileSync(join(folder, 'animals.yaml'), spec(1));
    expect(run('train', 'animals.yaml', '--out', 'whole').status).toBe(0);
    expect(existsSync(join(folder, 'whole.resume'))).toBe(false);
  });

  /** Interrupts a training when an expert is done; gives what it said last. */
  async function interrupt(): Promise<string> {
    const args = [bin, 'train', 'animals.yaml', '--out', 'model'];
    const child = spawn(process.execPath, args, { cwd: folder });
    let said = '';
    child.stderr.on('data', (part) => {
      said += String(part);
    });
    const place = join(folder, 'model.resume');
    const timer = setInterval(() => {
      if (!existsSync(place) || !readdirSync(place).some((name) => /^[^.].*done$/.test(name)))
        return;
      clearInterval(timer);
      child.kill('SIGINT');
    }, 5);
    const [, signal] = await once(child, 'close');
    expect(signal).toBe('SIGINT');
    return said.trimEnd().split('\n').at(-1)!;
  }

  test('goes on after Ctrl-C, says so, and cleans up', async () => {
    expect(await interrupt()).toBe(
      'stopped; what is done is in model.resume, the same command goes on from there',
    );
    const { status, stderr } = run('train', 'animals.yaml', '--out', 'model');
    expect(status).toBe(0);
    expect(stderr).toMatch(/^resuming: [123] of 3 experts are done/m);
    expect(openBundle(join(folder, 'model')).id).toBe(openBundle(join(folder, 'whole')).id);
    expect(existsSync(join(folder, 'model.resume'))).toBe(false);
  });

  test('--fresh begins anew', async () => {
    await interrupt();
    const { status, stderr } = run('train', 'animals.yaml', '--out', 'model', '--fresh');
    expect(status).toBe(0);
    expect(stderr).not.toContain('resuming');
    expect(openBundle(join(folder, 'model')).id).toBe(openBundle(join(folder, 'whole')).id);
  });
});
