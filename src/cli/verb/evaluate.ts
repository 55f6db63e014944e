/** `monban evaluate`: scores a bundle on labelled data. */
import { type Comparison, checkPair, compare } from '../../evaluate/compare.js';
import { scoreControls } from '../../evaluate/controls.js';
import { evaluateRows, type Labelled } from '../../evaluate/evaluate.js';
import { checkField, scoreSlices } from '../../evaluate/slices.js';
import { openBundle } from '../../mixture/bundle.js';
import { openPredictor, type Predictor } from '../../predict/predictor.js';
import {
  comparisonText,
  controlsText,
  notesText,
  scoresText,
  slicesText,
} from '../evaluation-text.js';
import { leaderboard } from '../leaderboard.js';
import { brokenSayer, print, printError, printJson, sayAbsent } from '../output.js';
import { openRows, type Rows } from '../test-rows.js';

const alarmed = 3;

/** Compares with another bundle on the same rows, which it reads in its own way. */
async function against(
  path: unknown,
  predictor: Predictor,
  rows: Rows,
  { batch, target }: Labelled,
): Promise<Comparison | undefined> {
  if (path === undefined) return undefined;
  const other = await openPredictor(openBundle(String(path)));
  try {
    checkPair(predictor, other);
    const own = await rows.read(other);
    return await compare({ predictor, batch }, { predictor: other, batch: own.batch }, target);
  } finally {
    await other.close();
  }
}

export async function run(
  [model, source]: (string | undefined)[],
  options: Record<string, unknown>,
): Promise<number> {
  const bundle = openBundle(model!);
  const rows = await openRows(bundle, model!, source, options.base);
  const predictor = await openPredictor(bundle, { watch: { broken: brokenSayer() } });
  try {
    const labelled = await rows.read(predictor);
    if (rows.warning !== undefined) printError(rows.warning);
    sayAbsent(labelled.absent);
    const { batch, target, unlabelled } = labelled;
    const field = options.by as string | undefined;
    if (field !== undefined) checkField(predictor, field);
    const compared = await against(options.against, predictor, rows, labelled);
    const found = await evaluateRows(predictor, batch, target, unlabelled);
    const slices =
      field === undefined ? undefined : await scoreSlices(predictor, batch, target, field);
    const raced = options.controls === true ? await scoreControls(predictor, labelled) : undefined;
    const { objective } = predictor.model;
    const { shown } = objective;
    if (options.json === true) {
      printJson({
        ...found,
        ...(raced === undefined ? {} : { controls: raced }),
        ...(slices === undefined ? {} : { by: { field, slices } }),
        ...(compared === undefined ? {} : { against: { model: options.against, ...compared } }),
      });
    } else {
      print(`${scoresText(found, rows.title, shown)}\n`);
      print(`${leaderboard(found, bundle, objective)}\n`);
      print(notesText(found, objective, predictor.model.state));
      if (raced !== undefined) print(`\n${controlsText(found, raced, shown)}`);
      if (slices !== undefined) print(`\n${slicesText(field!, slices, shown)}`);
      if (compared !== undefined)
        print(`\n${comparisonText(String(options.against), compared, shown)}`);
    }
    return compared?.alarm === true ? alarmed : 0;
  } finally {
    await rows.close();
    await predictor.close();
  }
}
