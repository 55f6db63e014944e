/** The leaderboard: the mixture, each expert and the even ensemble side by side. */
import type { Evaluation } from '../evaluate/evaluate.js';
import type { Bundle } from '../mixture/bundle.js';
import type { Scores } from '../objective/objective.js';
import { textTable } from './output.js';

const three = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '-' : value.toFixed(3);

function row(name: string, metrics: Scores, share: string, asked: number, us: string): string[] {
  return [
    name,
    three(metrics.accuracy),
    three(metrics.macroF1),
    three(metrics.logLoss),
    us,
    share,
    asked.toFixed(2),
  ];
}

/** An evaluation as a text table; time of the mixture is measured, that of experts is counted. */
export function leaderboard(found: Evaluation, bundle: Bundle): string {
  const costs = new Map(bundle.manifest.experts.map(({ name, cost }) => [name, cost]));
  const total = [...costs.values()].reduce((a, b) => a + b, 0);
  const counted = (us: number) => `~${us.toFixed(0)}`;
  const experts = Object.entries(found.experts)
    .sort(([, a], [, b]) => (b.metrics.accuracy ?? 0) - (a.metrics.accuracy ?? 0))
    .map(([name, { share, metrics }]) =>
      row(name, metrics, `${(share * 100).toFixed(1)} %`, 1, counted(costs.get(name) ?? 0)),
    );
  return textTable(
    ['', 'accuracy', 'macro F1', 'log loss', 'us/record', 'load', 'experts/record'],
    [
      row(
        'mixture',
        found.metrics,
        '',
        found.cost.expertsPerRecord,
        (found.cost.p50 * 1000).toFixed(0),
      ),
      row(
        'even ensemble',
        found.ensemble.metrics,
        '',
        found.ensemble.expertsPerRecord,
        counted(total),
      ),
      ...experts,
    ],
  );
}
