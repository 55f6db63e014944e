/** Training by way of a temporary file gives what training in memory gives, and leaves no file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { openDataset } from '../src/data/dataset.js';
import type { Bundle } from '../src/mixture/bundle.js';
import { plan } from '../src/mixture/plan.js';
import type { TrainEvent } from '../src/train/event.js';
import { train } from '../src/train/train.js';
import { openRows } from '../src/train/training-rows.js';
import { animals, small } from './animals.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-stream-'));
const scratch = join(folder, 'scratch');
let before: string | undefined;

beforeAll(() => {
  mkdirSync(scratch);
  before = process.env.TMPDIR;
  process.env.TMPDIR = scratch;
  const stream = random(1, 'rows');
  const lines = Array.from({ length: 20_000 }, () => {
    const [size, shop] = [stream.below(5), Math.floor(4 * stream.uniform() ** 2)];
    const answer = size > 2 !== (shop === 1) ? 'yes' : 'no';
    return `${size},shop${shop},${answer}`;
  });
  writeFileSync(join(folder, 'rows.csv'), `size,shop,answer\n${lines.join('\n')}\n`);
});
afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(folder, { recursive: true, force: true });
});

/** Every file but those that tell the memory that was set. */
const contents = ({ manifest }: Bundle) => manifest.files.map(({ path, sha256 }) => [path, sha256]);
const left = () => readdirSync(scratch).filter((name) => name.includes('monban-rows'));

/** Whether this process holds a file of rows, which has no name where it can be without. */
function holdsRows(): boolean {
  if (!existsSync('/proc/self/fd')) return true;
  const files = readdirSync('/proc/self/fd').map((file) => {
    try {
      return readlinkSync(`/proc/self/fd/${file}`);
    } catch {
      return '';
    }
  });
  return files.some((path) => path.includes('monban-rows'));
}

/** Notes whether a training that has begun holds such a file. */
function watching() {
  const seen = { rows: false };
  const onEvent = ({ phase }: TrainEvent): void => {
    if (phase === 'experts') seen.rows = holdsRows();
  };
  return { seen, onEvent };
}

function withMemory(memory: number, threads = 0) {
  const use = small(1, {}, threads);
  return { ...use, spec: { ...use.spec, training: { ...use.spec.training, memory } } };
}

test('from a file as from memory, to the byte, in this thread and in others', async () => {
  const rows = animals(2000);
  const whole = contents(await train(withMemory(1000), rows));
  const { seen, onEvent } = watching();
  expect(contents(await train(withMemory(1), rows, { onEvent }))).toEqual(whole);
  expect(seen.rows).toBe(true);
  expect(contents(await train(withMemory(1, 2), rows))).toEqual(whole);
  expect(left()).toEqual([]);
});

test('a training from a file that breaks off goes on to the same bytes', async () => {
  const rows = animals(2000);
  const expected = await train(withMemory(1), rows);
  const checkpoint = { folder: join(folder, 'kept'), every: 0 };
  let left = 6;
  const broken = train(withMemory(1), rows, {
    checkpoint,
    onEvent({ phase, who }) {
      if (phase === 'experts' && who !== undefined && left-- === 0) throw new Error('broken off');
    },
  });
  await expect(broken).rejects.toThrow('broken off');
  const said: string[] = [];
  const { id } = await train(withMemory(1), rows, {
    checkpoint,
    onEvent: ({ message, who }) => message !== undefined && who === undefined && said.push(message),
  });
  expect(said[0]).toMatch(/^resuming: 1 of 4 experts are done/);
  expect(id).toBe(expected.id);
});

const shops = (memory: number) =>
  plan({
    data: { source: 'rows.csv', target: 'answer' },
    fields: { size: 'number', shop: 'category' },
    experts: {
      linear: { kind: 'linear', training: { epochs: 2 } },
      tabular: { kind: 'tabular', width: 16, training: { epochs: 2 } },
    },
    gate: { kind: 'linear', pool: 'mixture', topK: 1, epochs: 2 },
    training: { memory, threads: 0, crossFitBelow: 0 },
  });

test('streamed from the data, with encoders fitted on a sample that says the same', async () => {
  const trained: Bundle[] = [];
  for (const memory of [1, 1000]) {
    const data = await openDataset('rows.csv', { base: folder });
    const { seen, onEvent } = watching();
    const rows = await openRows(shops(memory), data);
    trained.push(await train(shops(memory), rows, { onEvent }));
    if (memory === 1) expect(seen.rows).toBe(true);
    await data.close();
  }
  expect(contents(trained[0]!)).toEqual(contents(trained[1]!));
  expect(left()).toEqual([]);
});

test.each(['SIGINT', 'SIGKILL'] as const)('%s leaves no file of rows', async (signal) => {
  const spec = `data: { source: rows.csv, target: answer }
fields: { size: number, shop: category }
experts: { linear: { kind: linear, training: { epochs: 500, patience: 500 } } }
training: { memory: 1, crossFitBelow: 0 }
`;
  writeFileSync(join(folder, 'monban.yaml'), spec);
  const args = [resolve('bin/monban.mjs'), 'train', 'monban.yaml', '--out', 'model'];
  const child = spawn(process.execPath, args, { cwd: folder, env: process.env });
  let said = '';
  child.stderr.on('data', (part) => {
    said += String(part);
    if (said.includes('experts')) child.kill(signal);
  });
  const [, by] = await once(child, 'close');
  expect(by).toBe(signal);
  expect(left()).toEqual([]);
});
