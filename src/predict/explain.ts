/** Explains one decision: who was asked and why, what the others say, what would change the route. */
import type { Decision } from '../mixture/decision.js';
import type { Answer } from '../objective/objective.js';
import { type Batch, type JsonRecord, recordBatch, takeValues } from './batch.js';
import { encodeLazily } from './encoded.js';
import { askExpert } from './model.js';
import { type Predictor, type Routed, utilityOf } from './predictor.js';

/** How much a field moved something: with the field minus without it. */
export interface Influence {
  readonly field: string;
  readonly effect: number;
}

export interface Explained {
  readonly decision: Decision;
  /** Fields by how much they favour the first expert over the runner-up, largest effect first. */
  readonly route: readonly Influence[];
  /** Fields by how much they raise the log-probability of the answer, largest effect first. */
  readonly answer: readonly Influence[];
  /** What every expert that could be asked says by itself. */
  readonly experts: readonly {
    readonly expert: string;
    readonly asked: boolean;
    readonly answer: Answer;
  }[];
  /** The fewest fields (at most two) whose absence sends the record elsewhere, checked by doing so. */
  readonly flip: { readonly hide: readonly string[]; readonly route: readonly string[] } | null;
}

const mostFlipped = 2;

function repeat(batch: Batch, times: number): Batch {
  const rows = new Int32Array(times);
  const values = Object.entries(batch.values).map(
    ([name, column]) => [name, takeValues(column, rows)] as const,
  );
  return { rows: times, values: Object.fromEntries(values) };
}

/** The route of a row as names in a fixed order. */
function routeOf(routed: Routed, row: number, names: readonly string[]): string[] {
  return names.filter((_, e) => routed.mask[row * names.length + e]! > 0);
}

const bySize = (a: Influence, b: Influence): number => Math.abs(b.effect) - Math.abs(a.effect);

function pairs(fields: readonly string[]): string[][] {
  return fields.flatMap((a, i) => fields.slice(i + 1).map((b) => [a, b]));
}

async function runHidden(
  predictor: Predictor,
  batch: Batch,
  variants: readonly (readonly string[])[],
): Promise<Routed> {
  const hiddenRows = variants.map((fields) => new Set(fields));
  return predictor.run(repeat(batch, variants.length), {
    hiddenAt: (row, field) => hiddenRows[row]!.has(field),
  });
}

async function whatOthersSay(
  predictor: Predictor,
  batch: Batch,
  routed: Routed,
): Promise<Explained['experts']> {
  const { model } = predictor;
  const { experts } = model.manifest;
  const utility = utilityOf(model);
  const encoded = encodeLazily(model, batch, routed.presence);
  const row = Int32Array.of(0);
  const said: Explained['experts'][number][] = [];
  for (const [e, { name, ports }] of experts.entries()) {
    if (routed.open[e] !== 1) continue;
    for (const port of ports) encoded.want(port, row);
    const output = await askExpert(model, e, encoded, row);
    said.push({
      expert: name,
      asked: routed.mask[e]! > 0,
      answer: model.objective.answer(output, model.state, utility),
    });
  }
  return said;
}

/** Explains the decision about one record; throws MonbanError when a value does not fit its field. */
export async function explain(predictor: Predictor, record: JsonRecord): Promise<Explained> {
  const { model } = predictor;
  const { manifest } = model;
  const batch = recordBatch([record], manifest.fields, [manifest.target]);
  const routed = await predictor.run(batch);
  const decision = predictor.decision(routed, 0);
  const names = manifest.experts.map(({ name }) => name);
  const given = manifest.fields
    .map(({ name }) => name)
    .filter((name) => !decision.missing.includes(name));
  const singles = given.map((name) => [name]);
  const variants = [...singles, ...pairs(given)];
  const first = names.indexOf(decision.route[0]?.expert ?? '');
  const second = decision.runnerUp === null ? -1 : names.indexOf(decision.runnerUp);
  const chosen = model.objective.decide(routed.answers, model.state, utilityOf(model))[0]!;
  const width = routed.answers.length;
  const margin = (said: Routed, row: number): number =>
    first < 0 || second < 0
      ? 0
      : said.scores[row * names.length + first]! - said.scores[row * names.length + second]!;
  if (variants.length === 0) return { decision, route: [], answer: [], experts: [], flip: null };
  const hidden = await runHidden(predictor, batch, variants);
  const before = routeOf(routed, 0, names).join();
  const at = variants.findIndex((_, row) => {
    const route = routeOf(hidden, row, names);
    return route.length > 0 && route.join() !== before;
  });
  return {
    decision,
    route: given
      .map((field, row) => ({ field, effect: margin(routed, 0) - margin(hidden, row) }))
      .sort(bySize),
    answer: given
      .map((field, row) => ({
        field,
        effect: routed.answers[chosen]! - hidden.answers[row * width + chosen]!,
      }))
      .sort(bySize),
    experts: await whatOthersSay(predictor, batch, routed),
    flip:
      at < 0 || variants[at]!.length > mostFlipped
        ? null
        : { hide: variants[at]!, route: routeOf(hidden, at, names) },
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function influences(title: string, list: readonly Influence[]): string {
  const lines = list
    .slice(0, 4)
    .map(
      ({ field, effect }) => `  ${field.padEnd(18)} ${effect >= 0 ? '+' : ''}${effect.toFixed(3)}`,
    );
  return `${title}\n${lines.join('\n')}`;
}

/** An explanation as text for a terminal. */
export function explainText({ decision, route, answer, experts, flip }: Explained): string {
  const said = experts.map(
    ({ expert, asked, answer: own }) =>
      `  ${expert.padEnd(18)} ${String(own.value).padEnd(16)} ${percent(own.confidence).padStart(7)}  ${asked ? 'asked' : 'not asked'}`,
  );
  const weights = decision.route.map(
    ({ expert, weight }) => `${expert} (weight ${weight.toFixed(2)})`,
  );
  const parts = [
    `Answer: ${decision.answer.value} (${percent(decision.answer.confidence)})`,
    weights.length === 0
      ? 'Nobody could be asked: the answer is what training rows say in general.'
      : `Asked: ${weights.join(', ')}`,
    decision.runnerUp === null
      ? ''
      : `Runner-up: ${decision.runnerUp}${decision.margin === null ? '' : `, ${decision.margin.toFixed(3)} behind in score`}`,
    decision.missing.length === 0 ? '' : `Missing: ${decision.missing.join(', ')}`,
    route.length === 0
      ? ''
      : influences(
          'Fields that moved the route (score of the first expert over the runner-up):',
          route,
        ),
    answer.length === 0
      ? ''
      : influences('Fields that moved the answer (log-probability):', answer),
    said.length === 0 ? '' : `What each expert says by itself:\n${said.join('\n')}`,
    flip === null
      ? 'No one or two fields send it elsewhere by their absence.'
      : `Without ${flip.hide.join(' and ')} it would go to ${flip.route.join(', ')}.`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}
