/** Turns the runs of all tasks into the page docs/quality.md. */
import { mean } from '../../src/core/statistic.js';
import type { Run, Task } from './tasks.js';

const figure = (value: number): string => value.toFixed(4).replace(/^0/u, '');
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function spread(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(
    values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1),
  );
}

/** The mean over folds of one seed, for each seed: what varies is then the training alone. */
function bySeed(runs: readonly Run[], pick: (run: Run) => number): number[] {
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  return seeds.map((seed) => mean(runs.filter((run) => run.seed === seed).map(pick)));
}

function bestExpert(runs: readonly Run[]): [string, number] {
  const names = Object.keys(runs[0]!.experts);
  const scores = names.map((name) => mean(runs.map(({ experts }) => experts[name]!.score)));
  const best = scores.indexOf(Math.max(...scores));
  return [names[best]!, scores[best]!];
}

const metricNames: Readonly<Record<string, string>> = {
  auc: 'AUC',
  averagePrecision: 'average precision',
  r2: 'R2',
};

function metricName({ metric }: Task): string {
  return metricNames[metric] ?? metric;
}

/** `3 seeds`, or `5 folds x 3 seeds`. */
function extent(runs: readonly Run[]): string {
  const count = (pick: (run: Run) => number, what: string): string => {
    const { size } = new Set(runs.map(pick));
    return `${size} ${what}${size === 1 ? '' : 's'}`;
  };
  const seeds = count(({ seed }) => seed, 'seed');
  const folds = count(({ fold }) => fold, 'fold');
  return folds === '1 fold' ? seeds : `${folds} x ${seeds}`;
}

function taskRow(task: Task, runs: readonly Run[]): string {
  const [name, score] = bestExpert(runs);
  const seeds = bySeed(runs, ({ mixture }) => mixture);
  const average = (pick: (run: Run) => number): number => mean(runs.map(pick));
  const rarest = Math.min(
    ...runs.flatMap(({ experts }) => Object.values(experts).map(({ share }) => share)),
  );
  return row([
    task.title,
    metricName(task),
    extent(runs),
    task.wanted === undefined ? '' : figure(task.wanted).replace(/0+$/u, ''),
    `**${figure(mean(seeds))}** ± ${figure(spread(seeds))}`,
    `${figure(score)} (${name})`,
    figure(average(({ ensemble }) => ensemble)),
    `${average(({ expertsPerRecord }) => expertsPerRecord).toFixed(2)} of ${average(({ ensembleExperts }) => ensembleExperts).toFixed(2)}`,
    `${(rarest * 100).toFixed(1)} %`,
    [...new Set(runs.map(({ gate }) => gate))].join('; '),
  ]);
}

/** A control's mean, or nothing where the task does not score it. */
function cell(runs: readonly Run[], pick: (run: Run) => number | undefined): string {
  const values = runs.map(pick);
  return values.includes(undefined) ? '' : figure(mean(values as number[]));
}

/** Two rows of a task: its metric, and its log loss where it has one. */
function raceRows(task: Task, runs: readonly Run[]): string[] {
  const names = Object.keys(runs[0]!.controls);
  const scores = row([
    task.title,
    metricName(task),
    `**${figure(mean(runs.map(({ mixture }) => mixture)))}**`,
    ...names.map((name) => cell(runs, ({ controls }) => controls[name])),
  ]);
  if (runs.some(({ logLoss }) => logLoss === undefined)) return [scores];
  const losses = row([
    '',
    'log loss',
    `**${figure(mean(runs.map(({ logLoss }) => logLoss!.mixture)))}**`,
    ...names.map((name) => cell(runs, ({ logLoss }) => logLoss!.controls[name])),
  ]);
  return [scores, losses];
}

function expertRows(task: Task, runs: readonly Run[]): string[] {
  return Object.keys(runs[0]!.experts).map((name) => {
    const of = runs.map(({ experts }) => experts[name]!);
    const share = mean(of.map((one) => one.share));
    return row([
      task.title,
      name,
      figure(mean(of.map((one) => one.score))),
      `${(share * 100).toFixed(1)} %`,
    ]);
  });
}

/** The whole page, in Markdown; `remarks` is what the figures do not say by themselves. */
export function page(saved: readonly (readonly [Task, readonly Run[]])[], remarks: string): string {
  const controls = Object.keys(saved[0]![1][0]!.controls);
  const peers = saved.flatMap(([task, runs]) =>
    runs.flatMap(({ peer }) =>
      peer === undefined
        ? []
        : [
            `On the same rows of ${task.title} a LinearSVC on TF-IDF of every field (scikit-learn, \`bench/quality/linear_svc.py\`) has ${figure(peer)}.`,
          ],
    ),
  );
  return `${[
    '# Quality',
    '',
    `Written by \`npm run quality -- FOLDER\`, where FOLDER holds Parquet files that the specs in \`bench/quality\` name; those that it lacks are taken from \`datasets\`, and tasks whose data the project may not ship (emoji, flights, superstore) are skipped without them. Mail addresses are masked in the shipped spam, but not in what was measured here. Defaults only; means of the training seeds, ± the standard deviation between seeds. The test rows are read for this table alone.`,
    '',
    row([
      'task',
      'metric',
      'trained',
      'asked',
      'mixture',
      'best expert',
      'even ensemble',
      'experts asked',
      'rarest expert',
      'gate and pool chosen',
    ]),
    '|---|---|---|---|---|---|---|---|---|---|',
    ...saved.map(([task, runs]) => taskRow(task, runs)),
    '',
    '"Best expert" is the one with the best mean on the test rows, which nobody knows beforehand. "Experts asked" is per record, of the mixture and of the even ensemble. "Rarest expert" is the least share of the choices that any expert had in any run.',
    '',
    ...peers,
    '',
    '## The gate against gates that learn nothing',
    '',
    'The same trained experts, the same pool, the same number asked (but `uniform`, which asks all and weighs them evenly).',
    '',
    row(['task', 'metric', 'the learned gate', ...controls]),
    `|---|---|---|${controls.map(() => '---|').join('')}`,
    ...saved.flatMap(([task, runs]) => raceRows(task, runs)),
    '',
    '## Every expert',
    '',
    row(['task', 'expert', 'alone', 'share of the choices']),
    '|---|---|---|---|',
    ...saved.flatMap(([task, runs]) => expertRows(task, runs)),
    '',
    remarks.trim(),
  ].join('\n')}\n`;
}
