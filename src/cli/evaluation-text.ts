/** An evaluation as a user reads it: scores, leaderboard, slices, comparison. */
import { figure } from '../core/figure.js';
import type { Comparison } from '../evaluate/compare.js';
import type { ControlScore } from '../evaluate/controls.js';
import type { Evaluation } from '../evaluate/evaluate.js';
import type { Slice } from '../evaluate/slices.js';
import type { Objective, Scores, Shown } from '../objective/objective.js';
import { textTable } from './output.js';

const titleOf = ({ titles }: Shown, metric: string): string => titles[metric] ?? metric;

const count = (rows: number): string => rows.toLocaleString('en-US');
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const signed = (value: number): string =>
  Number.isNaN(value) ? '-' : `${value < 0 ? '' : '+'}${fine(value)}`;
/** Differences have a digit more than scores. */
const fine = (value: number): string => (Math.abs(value) >= 100 ? figure(value) : value.toFixed(4));

/** The rows and the scores of the whole mixture. */
export function scoresText(found: Evaluation, title: string, shown: Shown): string {
  const scores = Object.entries(found.metrics).map(
    ([name, value]) => `${titleOf(shown, name)} ${figure(value)}`,
  );
  return `${count(found.rows)} ${title}\n${scores.join('   ')}`;
}

/** What to know besides the leaderboard. */
export function notesText(found: Evaluation, objective: Objective, state: unknown): string {
  const { headline, shown } = objective;
  const { metric } = headline;
  const { cost, baselines, unlabelled, unseen } = found;
  const lines = [
    `One decision takes ${cost.p50.toFixed(3)} ms (median; 95 % take at most ${cost.p95.toFixed(3)} ms), encoding included. ~ marks counted work.`,
  ];
  const note = objective.note?.(state);
  if (note !== undefined) lines.push(note);
  if (baselines !== undefined) {
    const [constant, route, all] = [baselines.constant, baselines.route, found.metrics].map(
      (scores) => figure(scores[metric]),
    );
    lines.push(
      `Answers that know nothing have ${titleOf(shown, metric)} ${constant}; those that know only who is asked first, ${route}; the mixture, ${all}.`,
    );
  }
  if (unlabelled > 0) lines.push(`${count(unlabelled)} rows without a target were left out.`);
  if (unseen > 0)
    lines.push(
      `${count(unseen)} rows have a label that training did not see; they count as wrong.`,
    );
  return lines.join('\n');
}

/** Scores per slice as a table. */
export function slicesText(field: string, slices: readonly Slice[], shown: Shown): string {
  const metrics = Object.keys(slices[0]?.metrics ?? {});
  const cells = (scores: Scores): string[] => metrics.map((metric) => figure(scores[metric]));
  const rows = slices.map(({ name, groups, rows, metrics: scores, first }) => [
    groups > 1 ? `${name} (${groups} groups)` : name,
    count(rows),
    ...cells(scores),
    first === null ? 'nobody' : `${first.expert} ${percent(first.share)}`,
  ]);
  return `By ${field}:\n\n${textTable([field, 'rows', ...metrics.map((metric) => titleOf(shown, metric)), 'asked first most'], rows)}`;
}

function verdict(difference: number, error: number): string {
  if (Number.isNaN(difference)) return '-';
  if (difference === 0) return 'same';
  return Math.abs(difference) > 2 * error ? 'yes' : 'no';
}

/** A comparison as a table, and the churn. */
export function comparisonText(
  other: string,
  { metrics, churn, alarm }: Comparison,
  shown: Shown,
): string {
  const rows = Object.entries(metrics).map(([metric, { difference, error }]) => [
    titleOf(shown, metric),
    signed(difference),
    Number.isNaN(error) ? '-' : fine(error),
    verdict(difference, error),
  ]);
  const note = alarm ? ' ALARM: above 5 %.' : '';
  return [
    `Against ${other}, on the same rows (this model minus that one; clear is beyond 2 standard errors):`,
    '',
    textTable(['', 'difference', 'std. error', 'clear'], rows),
    '',
    `Churn: ${percent(churn)} of the rows are sent first to another expert than there.${note}`,
  ].join('\n');
}

/** The learned gate above the controls, each a gate that learns nothing before the same experts. */
export function controlsText(
  found: Evaluation,
  controls: Readonly<Record<string, ControlScore>>,
  shown: Shown,
): string {
  const metrics = Object.keys(found.metrics);
  const line = (name: string, scores: Scores, experts: number): string[] => [
    name,
    ...metrics.map((metric) => figure(scores[metric])),
    experts.toFixed(2),
  ];
  const rows = [
    line('this gate', found.metrics, found.cost.expertsPerRecord),
    ...Object.entries(controls).map(([kind, { metrics: scores, expertsPerRecord }]) =>
      line(kind, scores, expertsPerRecord),
    ),
  ];
  return [
    'The same experts behind gates that learn nothing:',
    '',
    textTable(['', ...metrics.map((metric) => titleOf(shown, metric)), 'experts/record'], rows),
  ].join('\n');
}
