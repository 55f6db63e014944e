/** `monban evaluate`: scores a bundle on labelled data. */
import { openDataset } from '../../data/dataset.js';
import { evaluate } from '../../evaluate/evaluate.js';
import { openBundle } from '../../mixture/bundle.js';
import { openPredictor } from '../../predict/predictor.js';
import { leaderboard } from '../leaderboard.js';
import { print, printJson } from '../output.js';

export async function run(
  [model, source]: string[],
  options: Record<string, unknown>,
): Promise<number> {
  const predictor = await openPredictor(openBundle(model!));
  const data = await openDataset(source!);
  try {
    const found = await evaluate(predictor, data);
    if (options.json === true) printJson(found);
    else {
      const metrics = Object.entries(found.metrics).map(
        ([name, value]) => `${name} ${value.toFixed(4)}`,
      );
      print(`${found.rows} rows: ${metrics.join(', ')}\n`);
      print(leaderboard(found, predictor.bundle));
      print(
        `\nOne decision: p50 ${found.cost.p50.toFixed(3)} ms, p95 ${found.cost.p95.toFixed(3)} ms, encoding included; ~ marks counted work.`,
      );
      if (found.unlabelled > 0) print(`${found.unlabelled} rows without a target were left out.`);
      if (found.unseen > 0)
        print(`${found.unseen} rows have a label that training did not see; they count as wrong.`);
    }
    return 0;
  } finally {
    await data.close();
    await predictor.close();
  }
}
