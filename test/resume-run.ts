/** Trains on animals in a process of its own, saying each event on a line, and last the bundle's id. */
import { train } from '../src/train/train.js';
import { animals, crossFitted } from './animals.js';

/** Arguments of the process: a folder to keep things in, worker threads, megabytes, rows. */
const [folder, threads, memory, rows] = process.argv.slice(2);

const bundle = await train(crossFitted(1, Number(threads), Number(memory)), animals(Number(rows)), {
  checkpoint: { folder: folder!, every: 0 },
  onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
process.stdout.write(`${JSON.stringify({ id: bundle.id })}\n`);
