/** Trainings that are killed in the joint phase go on from what was done, and end with the same bytes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import type { TrainEvent } from '../src/train/event.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-resume-joint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Event = Partial<TrainEvent> & { readonly id?: string };

/** Trains in a process, which is killed when `stop` says so; gives what it said. */
async function run(args: readonly string[], stop: (events: readonly Event[]) => boolean) {
  const child = spawn(process.execPath, [resolve('dist/test/resume-joint-run.js'), ...args]);
  const events: Event[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    events.push(JSON.parse(line));
    if (stop(events)) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return { events, signal: child.signalCode, id: events.at(-1)?.id };
}

const rounds = (events: readonly Event[]) =>
  events.filter(({ phase, loads }) => phase === 'joint' && loads !== undefined).length;

test('kill -9 in the joint phase: the same bytes', async () => {
  const threads = 2;
  const whole = await run([`${threads}`], () => false);
  expect(whole.id).toMatch(/^[0-9a-f]{64}$/);
  expect(rounds(whole.events)).toBeGreaterThan(6);
  const args = [`${threads}`, join(folder, 'kept')];
  // In the first fold, in the second one, and when the clones are refitted.
  const first = await run(args, (events) => rounds(events) >= 3);
  const second = await run(args, (events) => rounds(events) >= 2);
  expect([first.signal, second.signal]).toEqual(['SIGKILL', 'SIGKILL']);
  const trainedAgain = second.events.filter(({ phase, who }) => phase === 'experts' && who);
  expect(trainedAgain).toEqual([]);
  const last = await run(args, () => false);
  expect(last.id).toBe(whole.id);
  const messages = last.events.flatMap(({ message }) => message ?? []);
  expect(messages.some((text) => text.startsWith('resuming: 1 of 1 experts are done'))).toBe(true);
});
