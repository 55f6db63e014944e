/** The leaderboard: the mixture, each expert and the even ensemble side by side. */
import { figure } from '../core/figure.js';
import type { Evaluation } from '../evaluate/evaluate.js';
import type { Bundle } from '../mixture/bundle.js';
import type { Objective, Scores } from '../objective/objective.js';
import { textTable } from './output.js';

/** Worst last; what was not scored is worst of all. */
function byHeadline({ headline: { metric, higher } }: Objective) {
  const worth = (scores: Scores): number => {
    const value = scores[metric] ?? Number.NaN;
    if (Number.isNaN(value)) return Number.NEGATIVE_INFINITY;
    return higher ? value : -value;
  };
  return (a: { readonly metrics: Scores }, b: { readonly metrics: Scores }): number => {
    const [one, two] = [worth(a.metrics), worth(b.metrics)];
    return one === two ? 0 : two - one;
  };
}

/** An evaluation as a text table; time of the mixture is measured, that of experts is counted. */
export function leaderboard(found: Evaluation, bundle: Bundle, objective: Objective): string {
  const { leaderboard: metrics, titles } = objective.shown;
  const costs = new Map(bundle.manifest.experts.map(({ name, cost }) => [name, cost]));
  const total = [...costs.values()].reduce((a, b) => a + b, 0);
  const counted = (us: number) => `~${us.toFixed(0)}`;
  const row = (name: string, scores: Scores, us: string, share: string, asked: number) => [
    name,
    ...metrics.map((metric) => figure(scores[metric])),
    us,
    share,
    asked.toFixed(2),
  ];
  const better = byHeadline(objective);
  const experts = Object.entries(found.experts)
    .sort(([, a], [, b]) => better(a, b))
    .map(([name, one]) =>
      row(name, one.metrics, counted(costs.get(name) ?? 0), `${(one.share * 100).toFixed(1)} %`, 1),
    );
  const { cost, ensemble } = found;
  const head = metrics.map((metric) => titles[metric] ?? metric);
  return textTable(
    ['', ...head, 'us/record', 'load', 'experts/record'],
    [
      row('mixture', found.metrics, (cost.p50 * 1000).toFixed(0), '', cost.expertsPerRecord),
      row('even ensemble', ensemble.metrics, counted(total), '', ensemble.expertsPerRecord),
      ...experts,
    ],
  );
}
