/** Turns what the intake desk found into the page docs/intake.md. */
import { type Kind, kinds, type Width } from './plan.js';
import type { Marks, Scored } from './score.js';
import type { Times } from './time.js';

export interface Found {
  readonly seed: number;
  readonly rows: { readonly fit: number; readonly test: number };
  readonly widths: readonly {
    readonly name: string;
    readonly accuracy: number;
    readonly cost: number;
  }[];
  readonly chosen: Width;
  readonly gate: string;
  readonly mixture: Scored;
  readonly large: Scored;
  readonly rules: Readonly<Record<string, Scored>>;
  /** `mixture`, `presence`, `large`, `bare`. */
  readonly times: Readonly<Record<string, Times>>;
}

const asked: Readonly<Record<Kind, number>> = {
  mail: 0.985,
  sensor: 0.9,
  log: 0.97,
  stone: 0.78,
  scan: 0.975,
};

const figure = (value: number): string => value.toFixed(4).replace(/^0/u, '');
const milliseconds = (value: number): string => value.toFixed(3);
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const head = (cells: readonly string[]): string[] => [
  row(cells),
  `|${'---|'.repeat(cells.length)}`,
];

function qualityRow(name: string, wanted: string, one: Marks, other: Marks): string {
  return row([
    name,
    wanted,
    figure(one.accuracy),
    figure(other.accuracy),
    figure(one.macroF1),
    figure(other.macroF1),
  ]);
}

function quality({ mixture, large }: Found): string[] {
  const short = (kind: Kind): string => figure(asked[kind]).replace(/0+$/u, '');
  return [
    ...head(['records', 'asked', 'accuracy, mixture', 'large', 'macro F1, mixture', 'large']),
    qualityRow('all', '', mixture.all, large.all),
    ...kinds.map((kind) => {
      const wanted = kind === 'sensor' ? '' : short(kind);
      return qualityRow(kind, wanted, mixture.kinds[kind], large.kinds[kind]);
    }),
    '',
    `Average precision of anomalies among sensor windows: mixture ${figure(mixture.precision)}, large ${figure(large.precision)} (asked ${short('sensor')}).`,
  ];
}

function timing({ times }: Found): string[] {
  const { mixture, presence, large, bare } = times;
  const line = (name: string, pick: (one: Times) => number): string => {
    const all = [mixture!, presence!, large!, bare!].map(pick);
    const ratio = (i: number): string => (all[0]! / all[i]!).toFixed(2);
    return row([name, ...all.map(milliseconds), ratio(2), ratio(3)]);
  };
  return [
    ...head([
      'ms per record',
      'mixture',
      'fixed rules by presence',
      'large',
      'large, bare',
      'mixture / large',
      'mixture / bare',
    ]),
    line('one at a time, as in the stream', ({ all }) => all),
    ...kinds.map((kind) => line(`- ${kind}`, (one) => one.kinds[kind])),
    line('in mixed batches of 256', ({ batch }) => batch),
  ];
}

function ruleRows({ mixture, rules }: Found): string[] {
  const line = (name: string, one: Scored): string =>
    row([
      name,
      figure(one.all.accuracy),
      figure(one.all.macroF1),
      ...kinds.map((kind) => figure(one.kinds[kind].accuracy)),
      figure(one.precision),
    ]);
  return [
    ...head(['gate', 'accuracy', 'macro F1', ...kinds, 'sensor, average precision']),
    line('**the learned gate**', mixture),
    ...Object.entries(rules).map(([name, one]) => line(name, one)),
  ];
}

function verdict({ mixture, rules, times, large }: Found): string[] {
  const gain = mixture.all.accuracy - rules.presence!.all.accuracy;
  const better = kinds.filter(
    (kind) => mixture.kinds[kind].accuracy > rules.presence!.kinds[kind].accuracy,
  );
  const worse = kinds.filter(
    (kind) => mixture.kinds[kind].accuracy < rules.presence!.kinds[kind].accuracy,
  );
  const list = (names: readonly string[]): string =>
    names.length === 0 ? 'none' : names.join(', ');
  const short = kinds.filter(
    (kind) =>
      mixture.kinds[kind].accuracy < large.kinds[kind].accuracy ||
      mixture.kinds[kind].macroF1 < large.kinds[kind].macroF1,
  );
  return [
    `- Kinds in which the mixture falls short of the large model in accuracy or macro F1: ${list(short)}.`,
    `- Against fixed rules by presence the learned gate adds ${(gain * 100).toFixed(2)} points of accuracy (ahead in: ${list(better)}; behind in: ${list(worse)}) and takes ${(times.mixture!.all / times.presence!.all).toFixed(2)} of their time. Which fields a record carries nearly gives its kind away, so there is little to choose: this page shows cost, not routing.`,
    `- Wrong answers: mixture ${mixture.wrong}, of which ${mixture.crossed} belong to another kind of record; large ${large.wrong}, of which ${large.crossed}.`,
  ];
}

function routes({ mixture }: Found): string[] {
  return kinds.map((kind) => {
    const list = Object.entries(mixture.asked[kind]).map(
      ([name, share]) => `${name} ${(share * 100).toFixed(1)} %`,
    );
    return `- ${kind}: ${list.join(', ')}`;
  });
}

/** The whole page, in Markdown. */
export function page(found: Found): string {
  const { widths, chosen, rows } = found;
  return `${[
    '# The intake desk',
    '',
    `Written by \`npm run intake\`: one stream of mails, sensor windows, service logs, graded stones and scanned digits (\`examples/intake/monban.yaml\`), one target over all, each record with only its own fields. ${rows.fit} rows train, ${rows.test} test; seed ${found.seed}. Nothing was chosen by test rows.`,
    '',
    '## Against one large model',
    '',
    `The large model is a fusion expert over all fields (embedding ${chosen.embedding}, width ${chosen.width}, channels ${chosen.channels.join(', ')}), trained by the same code: the cheapest of four widths within half a point of the best accuracy on held-out training rows (${widths.map(({ name, accuracy }) => `${name} ${figure(accuracy)}`).join(', ')}; chosen: ${chosen.name}).`,
    '',
    ...quality(found),
    '',
    '## Time',
    '',
    'Encoding included; models take turns on the same records in one process, medians of five rounds. Both encode only the fields that a record has. "Bare" is the large model with no gate and no pool, and, where a record has no picture, without the part of its network that reads pictures: what a fair engineer would build.',
    '',
    ...timing(found),
    '',
    '## The gate against fixed rules',
    '',
    `Training chose: ${found.gate}. The same experts behind gates that learn nothing:`,
    '',
    ...ruleRows(found),
    '',
    'Who is asked, by kind of record:',
    '',
    ...routes(found),
    '',
    '## In words',
    '',
    ...verdict(found),
  ].join('\n')}\n`;
}
