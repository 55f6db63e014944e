/** One training of the bench of scale, in a process of its own so that its memory is its own. */
import { openDataset } from '../../src/data/dataset.js';
import { plan } from '../../src/mixture/plan.js';
import type { TrainEvent } from '../../src/train/event.js';
import { passesPerEpoch } from '../../src/train/passes.js';
import { train } from '../../src/train/train.js';
import { openRows } from '../../src/train/training-rows.js';
import { fields } from './data.js';

/** What a training took. */
export interface Measured {
  readonly rows: number;
  /** Rows that went through a training step, over both experts and the gate left out. */
  readonly trained: number;
  readonly seconds: number;
  /** Of all threads, which other load on the machine disturbs less. */
  readonly cpuSeconds: number;
  /** Until the first expert had made a pass. */
  readonly ready: number;
  /** Rows a second of an expert's training steps alone, looks at held-out rows left out. */
  readonly steps: Readonly<Record<string, number>>;
  readonly megabytes: number;
  readonly accuracy: number;
}

const holdout = 0.2;
const mostHeldOut = 100_000;

function specOf(path: string, passes: number, rows: number): unknown {
  const training = { epochs: Math.max(1, Math.round(passes / passesPerEpoch(rows))), batch: 512 };
  return {
    data: { source: path, target: 'y' },
    fields,
    experts: {
      // Patience without end: every run makes all its passes, so that runs can be compared.
      linear: { kind: 'linear', training: { ...training, patience: 1000 } },
      tabular: { kind: 'tabular', training: { ...training, patience: 1000 } },
    },
    gate: { kind: 'linear', pool: 'mixture', topK: 1, epochs: 3 },
    training: { crossFitBelow: 0, holdout },
  };
}

interface Pass {
  readonly at: number;
  readonly refit: boolean;
}

/** Rows a second between the ends of passes over all rows, in which nothing is looked at. */
function rate(passes: readonly Pass[], rows: number): number {
  const ends = passes.filter(({ refit }) => refit).map(({ at }) => at);
  return (rows * (ends.length - 1)) / ((ends.at(-1)! - ends[0]!) / 1000);
}

async function measure(path: string, passes: number, rows: number): Promise<Measured> {
  const use = plan(specOf(path, passes, rows));
  const seen = new Map<string, Pass[]>(use.experts.map(({ name }) => [name, []]));
  const start = performance.now();
  const onEvent = ({ phase, who, loss }: TrainEvent): void => {
    if (phase === 'experts' && who !== undefined)
      seen.get(who)!.push({ at: performance.now(), refit: loss === undefined });
  };
  const data = await openDataset(path);
  const bundle = await train(use, await openRows(use, data), { onEvent });
  await data.close();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage();
  const fit = rows - Math.min(mostHeldOut, rows * holdout);
  const part = (count: number): number => count / passesPerEpoch(count);
  const all = [...seen.values()].flat();
  const refits = all.filter(({ refit }) => refit).length;
  return {
    ...{ rows, seconds, cpuSeconds: (user + system) / 1e6 },
    trained: Math.round(refits * part(rows) + (all.length - refits) * part(fit)),
    ready: (Math.min(...all.map(({ at }) => at)) - start) / 1000,
    steps: Object.fromEntries([...seen].map(([who, list]) => [who, rate(list, part(rows))])),
    megabytes: process.resourceUsage().maxRSS / 1024,
    accuracy: bundle.card.scores.accuracy!,
  };
}

const [path, passes, rows] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await measure(path!, Number(passes), Number(rows))));
