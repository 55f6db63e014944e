/** The main job of `npm start`: trains on the packages that the repository ships, and shows the result. */

import { dirname } from 'node:path';
import { MonbanError } from '../core/fault.js';
import { evaluateRows } from '../evaluate/evaluate.js';
import { readSpec } from '../mixture/spec-file.js';
import { sliceBatch } from '../predict/batch.js';
import { explain } from '../predict/explain.js';
import { explainText } from '../predict/explain-text.js';
import { openPredictor } from '../predict/predictor.js';
import { readRows } from '../train/rows.js';
import { leaderboard } from './leaderboard.js';
import { print, printError } from './output.js';
import { openSource, trainTo } from './training.js';

const spec = 'examples/packages/monban.yaml';
const out = 'runs/packages';

async function start(): Promise<void> {
  print(
    'Monban learns which section of the Debian archive a package belongs to: 58 classes, mixed fields.',
  );
  const plan = readSpec(spec);
  const bundle = await trainTo(plan, spec, out);
  const data = await openSource(plan, spec);
  const rows = await readRows(plan, data, 1);
  await data.close();
  const predictor = await openPredictor(bundle);
  const found = await evaluateRows(predictor, rows, rows.target, rows.unlabelled);
  print(
    `\nLeaderboard on ${found.rows} packages that training did not see ("linear" is the one linear model):\n`,
  );
  print(leaderboard(found, bundle, predictor.model.objective));
  print(
    '\nOf the mixture the time of one decision is measured (p50, encoding included); ~ marks counted work.',
  );
  const one = sliceBatch(rows, 0, 1);
  const record = Object.fromEntries(
    Object.entries(one.values).map(([name, values]) => [
      name,
      Number.isNaN(values[0]) ? null : values[0],
    ]),
  );
  print(
    `\nOne decision explained: ${String(record.package)} (in truth: ${String(rows.target[0])})\n`,
  );
  print(explainText(await explain(predictor, record), predictor.model.objective.shown));
  await predictor.close();
  print(`\nThe bundle is in ${out}, its card in ${out}/card.md. Next:`);
  print(
    `  echo '{"package": "libfoo-dev", "description": "development files for foo"}' | npx --no monban explain ${out} -`,
  );
  print(`  npx --no monban evaluate ${out} --base ${dirname(spec)} --controls`);
  print('  npx --no monban init YOUR-DATA.parquet --target COLUMN --out monban.yaml');
}

try {
  await start();
} catch (error) {
  printError(
    error instanceof MonbanError ? error.message : `monban failed: ${(error as Error).message}`,
  );
  process.exitCode = error instanceof MonbanError ? error.exitCode : 1;
}
