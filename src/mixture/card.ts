/** The model card: what a bundle learned from, how good it is, what it costs, where it ends. */
import { figure } from '../core/figure.js';
import type { Calibration, Scores, Shown } from '../objective/objective.js';

export interface ExpertCard {
  readonly name: string;
  readonly kind: string;
  readonly reads: readonly string[];
  readonly epochs: number;
  /** On check rows, where it could be asked. */
  readonly scores: Scores;
  /** Share of all choices on check rows, and the share that balancing aims at. */
  readonly share: number;
  readonly target: number;
  /** Microseconds per record, counted or measured. */
  readonly cost: number;
  readonly calibration: Calibration;
  readonly bytes: number;
}

/** What came of the clones of one expert. */
export interface JointCard {
  readonly expert: string;
  readonly clones: number;
  readonly kept: boolean;
  /** Mean gain of a check row over the plan without clones, in nats or reward, and its standard error. */
  readonly gain: number;
  readonly error: number;
  /** Rounds of clones and gate in turn that served best. */
  readonly rounds: number;
  readonly messages: readonly string[];
}

export interface Card {
  readonly name: string;
  readonly monban: string;
  readonly data: {
    readonly source: string;
    readonly target: string;
    readonly rows: number;
    readonly unlabelled: number;
    readonly parts: {
      readonly fit: number;
      readonly route: number;
      readonly check: number;
      readonly folds: number;
    };
    readonly classes?: readonly { readonly label: string | number; readonly share: number }[];
  };
  readonly seed: number;
  /** Of the whole mixture on check rows, which chose among gates and pools: slightly flattering. */
  readonly scores: Scores;
  readonly gate: {
    readonly kind: string;
    readonly pool: string;
    readonly topK: number;
    readonly shared: string | null;
    readonly expertsPerRecord: number;
    readonly balance: string;
    readonly maxViolation: number;
    readonly evenness: number;
    readonly churn: number;
    readonly alarms: readonly string[];
    readonly tried: readonly {
      readonly gate: string;
      readonly pool: string;
      readonly topK: number;
      readonly worth: number;
      readonly asked: number;
    }[];
  };
  readonly experts: readonly ExpertCard[];
  /** Where experts have clones. */
  readonly joint?: readonly JointCard[];
  readonly costs: 'counted' | 'measured';
  readonly limits: readonly string[];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const mostNamed = 16;

/** Names in a cell: of hundreds the first ones, and how many there are besides. */
function fewOf(names: readonly string[]): string {
  if (names.length <= mostNamed) return names.join(', ');
  return `${names.slice(0, mostNamed - 1).join(', ')} and ${names.length - mostNamed + 1} others`;
}

function expertRows(card: Card, { leaderboard, titles }: Shown): string {
  const head = [
    'expert',
    'kind',
    'reads',
    ...leaderboard.map((metric) => titles[metric] ?? metric),
    'share',
    'target',
    'cost, us',
    'size, MB',
  ];
  return table(
    head,
    card.experts.map((expert) => [
      expert.name,
      expert.kind,
      fewOf(expert.reads),
      ...leaderboard.map((metric) => figure(expert.scores[metric])),
      percent(expert.share),
      percent(expert.target),
      expert.cost.toFixed(0),
      (expert.bytes / 1e6).toFixed(1),
    ]),
  );
}

/** What came of the clones of one expert, in a sentence. */
export function jointLine({ expert, clones, kept, gain, error, rounds }: JointCard): string {
  const by = `a check row gains ${gain.toFixed(4)} +- ${error.toFixed(4)} over ${expert} alone`;
  return `${clones} clones of ${expert}, ${rounds} rounds: ${by}; ${kept ? 'kept' : 'not kept'}`;
}

function jointText(joint: readonly JointCard[]): string {
  const lines = joint.map((one) =>
    [`${jointLine(one)}.`, ...one.messages.map((message) => `- ${message}`)].join('\n'),
  );
  return `\n## Joint phase\n${lines.join('\n\n')}\n`;
}

/** The card as Markdown. */
export function cardText(card: Card, shown: Shown): string {
  const { data, gate } = card;
  const { fit, route, check, folds } = data.parts;
  const parts =
    folds > 1
      ? `every row held out once in ${folds} folds`
      : `${fit} rows fit, ${route} route, ${check} check; then refitted on all`;
  const tried = gate.tried.map(
    ({ gate: kind, pool, topK, worth, asked }) =>
      `${kind}, ${pool}, k=${topK}: ${worth.toFixed(4)} with ${asked.toFixed(2)} experts`,
  );
  return `# ${card.name}

A mixture of ${card.experts.length} experts for \`${data.target}\`, trained by Monban ${card.monban} with seed ${card.seed}.

## Data
${data.source}: ${data.rows} labelled rows (${parts})${data.unlabelled > 0 ? `; ${data.unlabelled} rows without a label were left out` : ''}.

## Scores on check rows
${table(Object.keys(card.scores), [Object.values(card.scores).map(figure)])}

These rows also chose the gate and the pool, so the figures flatter slightly; \`monban evaluate\` on fresh rows does not.

## Experts
${expertRows(card, shown)}

Costs are ${card.costs}.
${card.joint === undefined ? '' : jointText(card.joint)}
## Gate
${gate.kind}, ${gate.pool} pool, at most ${gate.topK} asked${gate.shared === null ? '' : ` besides the shared expert ${gate.shared}`}; ${gate.expertsPerRecord.toFixed(2)} experts a record.
Balance: ${gate.balance}; largest share over target ${percent(gate.maxViolation + 1)}, evenness ${figure(gate.evenness)}.
Churn between two trainings that differ in the seed: ${percent(gate.churn)} of first choices.
${gate.alarms.length === 0 ? 'No alarms.' : `Alarms:\n${gate.alarms.map((line) => `- ${line}`).join('\n')}`}

Tried (mean worth of a check row, higher is better):
${tried.map((line) => `- ${line}`).join('\n')}

## Limits
${card.limits.map((line) => `- ${line}`).join('\n')}
`;
}
