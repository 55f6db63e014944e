/** Trains clones in a process of its own, saying each event on a line, and last the bundle's id. */
import { train } from '../src/train/train.js';
import { setting } from './regimes.js';

/** Arguments of the process: worker threads, and a folder to keep things in, unless nothing is kept. */
const [threads, folder] = process.argv.slice(2);

const joint = { keep: 'on', rounds: 6 };
const training = { threads: Number(threads), crossFitBelow: 5000, folds: 2, joint };
const { use, batch } = setting({ rows: 500, training });
const bundle = await train(use, batch, {
  ...(folder === undefined ? {} : { checkpoint: { folder, every: 0 } }),
  onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
process.stdout.write(`${JSON.stringify({ id: bundle.id })}\n`);
