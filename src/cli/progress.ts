/** The live line of training: phase, step, loss, every expert's load as a bar, time left. */
import type { TrainEvent } from '../train/event.js';
import { printError } from './output.js';

/** Rough share of the time that each phase takes, to say how much is left. */
const spans: Readonly<Record<TrainEvent['phase'], readonly [number, number]>> = {
  read: [0, 0.02],
  encode: [0.02, 0.05],
  experts: [0.05, 0.85],
  gate: [0.85, 0.9],
  joint: [0.9, 0.98],
  finish: [0.98, 1],
};
const blocks = ' ▁▂▃▄▅▆▇█';
const plainEvery = 5000;

function bars(loads: Readonly<Record<string, number>>): string {
  return Object.entries(loads)
    .map(([name, share]) => `${name} ${blocks[Math.min(8, Math.round(share * 16))]}`)
    .join(' ');
}

function lineOf(event: TrainEvent, seconds: number): string {
  const [from, to] = spans[event.phase];
  const done = from + (to - from) * (event.total === 0 ? 0 : event.step / event.total);
  const left = done > 0.06 ? `${Math.ceil((seconds * (1 - done)) / done)} s left` : '';
  return [
    `${event.phase.padEnd(7)} ${String(Math.round(done * 100)).padStart(3)} %`,
    event.who ?? '',
    event.loss === undefined ? '' : `loss ${event.loss.toFixed(3)}`,
    event.loads === undefined ? '' : bars(event.loads),
    left,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

export interface Progress {
  readonly listen: (event: TrainEvent) => void;
  stop(): void;
}

/** Draws on standard error: one living line on a terminal, else a plain line now and then. */
export function progress(): Progress {
  const start = performance.now();
  const live = process.stderr.isTTY === true;
  let last = Number.NEGATIVE_INFINITY;
  let phase = '';
  return {
    listen(event) {
      // What a gate in training says is in the card, for those that came to nothing too.
      const shown = event.phase !== 'gate' || event.who === undefined;
      if (event.message !== undefined && shown) {
        if (live) process.stderr.write('\r\u001b[2K');
        printError(event.message);
      }
      const now = performance.now();
      const due = live ? now - last > 100 : now - last > plainEvery || event.phase !== phase;
      phase = event.phase;
      if (!due) return;
      last = now;
      const text = lineOf(event, (now - start) / 1000);
      if (live)
        process.stderr.write(`\r\u001b[2K${text.slice(0, (process.stderr.columns ?? 100) - 1)}`);
      else printError(text);
    },
    stop() {
      if (live) process.stderr.write('\r\u001b[2K');
    },
  };
}
