/** Worker threads: order, messages, errors, abort, shared memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { MonbanError } from '../core/fault.js';
import { runJobs } from './pool.js';

interface Job {
  readonly n: number;
  readonly wait?: number;
  readonly fail?: 'fault' | 'bug';
  readonly forever?: boolean;
  readonly shared?: Int32Array;
}

const folder = mkdtempSync(join(tmpdir(), 'monban-pool-'));
const faults = new URL('../core/fault.js', import.meta.url).href;
const file = join(folder, 'job.mjs');
writeFileSync(
  file,
  `import { MonbanError } from '${faults}';
export async function run(job, post) {
  post('start ' + job.n);
  if (job.fail === 'fault') throw new MonbanError({ where: 'a.b', expected: 'c', todo: 'd' }, 3);
  if (job.fail === 'bug') throw new TypeError('a bug');
  if (job.wait) await new Promise((done) => setTimeout(done, job.wait));
  while (job.forever);
  if (job.shared) job.shared[0] = job.n;
  post('end ' + job.n);
  return job.n * 2;
}`,
);
const url = pathToFileURL(file).href;
afterAll(() => rmSync(folder, { recursive: true }));
const jobs = (list: Job[]): Job[] => list;

for (const threads of [0, 2]) {
  test(`${threads} threads: results in the order of the jobs, all messages before them`, async () => {
    const heard: string[] = [];
    const onMessage = (index: number, message: unknown): void =>
      void heard.push(`${index} ${message}`);
    const list = jobs([{ n: 1, wait: 100 }, { n: 2 }, { n: 3 }]);
    expect(await runJobs(url, list, { threads, onMessage })).toEqual([2, 4, 6]);
    const every = [0, 1, 2].flatMap((i) => [`${i} end ${i + 1}`, `${i} start ${i + 1}`]);
    expect(heard.sort()).toEqual(every);
  });

  test(`${threads} threads: a user error keeps its faults and exit code, a bug its message`, async () => {
    const broken = runJobs(url, jobs([{ n: 1 }, { n: 2, fail: 'fault' }]), { threads });
    const error = (await broken.catch((caught: unknown) => caught)) as MonbanError;
    expect(error).toBeInstanceOf(MonbanError);
    expect(error.faults).toEqual([{ where: 'a.b', expected: 'c', todo: 'd' }]);
    expect(error.exitCode).toBe(3);
    await expect(runJobs(url, jobs([{ n: 1, fail: 'bug' }]), { threads })).rejects.toThrow('a bug');
  });

  test(`${threads} threads: shared memory is shared, nothing is fine, aborted is aborted`, async () => {
    const shared = new Int32Array(new SharedArrayBuffer(4));
    await runJobs(url, jobs([{ n: 7, shared }]), { threads });
    expect(shared[0]).toBe(7);
    expect(await runJobs(url, [], { threads })).toEqual([]);
    const signal = AbortSignal.abort(new Error('no'));
    await expect(runJobs(url, jobs([{ n: 1 }]), { threads, signal })).rejects.toThrow('no');
  });
}

test('an abort ends workers that never return', async () => {
  const control = new AbortController();
  let started = 0;
  const onMessage = (): void => {
    started++;
    if (started === 2) control.abort(new Error('enough'));
  };
  const stuck = jobs([{ n: 1, forever: true }, { n: 2, forever: true }, { n: 3 }]);
  const run = runJobs(url, stuck, { threads: 2, onMessage, signal: control.signal });
  await expect(run).rejects.toThrow('enough');
});
