/** An explanation in words, for a terminal. */
import { signed } from '../core/figure.js';
import type { Value } from '../encoder/encoder.js';
import type { Shown } from '../objective/objective.js';
import type { Explained, Influence } from './explain.js';
import type { Change } from './flip.js';

const shownFields = 4;
const shownLetters = 40;

const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** A value as a person writes it: 4,096, "text", [a, b]. */
function valueText(value: Value): string {
  if (typeof value === 'number') {
    const digits = Number.isInteger(value)
      ? { maximumFractionDigits: 0 }
      : { maximumSignificantDigits: 6 };
    return value.toLocaleString('en-US', digits);
  }
  const text = Array.isArray(value) ? `[${value.join(', ')}]` : `"${value}"`;
  return text.length > shownLetters ? `${text.slice(0, shownLetters - 4)}..."` : text;
}

const changeText = ({ field, from, to }: Change): string =>
  to === null
    ? `leaving out ${field}`
    : `changing ${field} from ${valueText(from)} to ${valueText(to)}`;

function influences(title: string, all: readonly Influence[]): string[] {
  if (all.length === 0) return [];
  const shown = all.slice(0, shownFields);
  const width = Math.max(...shown.map(({ field }) => field.length));
  const lines = shown.map(({ field, effect }) => `  ${field.padEnd(width)}  ${signed(effect)}`);
  const rest = all.length - shown.length;
  return ['', title, ...lines, ...(rest > 0 ? [`  and ${rest} with smaller effects`] : [])];
}

function asked({ decision: { route, runnerUp, margin } }: Explained): string[] {
  if (route.length === 0)
    return ['Nobody could be asked: the answer is what training rows say in general.'];
  const who = route.map(({ expert, weight }) => `${expert} (weight ${weight.toFixed(2)})`);
  const behind = margin === null ? '' : `, ${margin.toFixed(3)} behind in score`;
  return [
    `Asked: ${who.join(', ')}`,
    runnerUp === null
      ? 'Runner-up: none, every expert that could be asked was asked'
      : `Runner-up: ${runnerUp}${behind}`,
  ];
}

function grounded({ grounds }: Explained): string[] {
  if (grounds.length === 0) return [];
  const width = Math.max(...grounds.map(({ expert }) => expert.length));
  const lines = grounds.map(({ expert, records, here, error, usual }) => {
    const did = records === 0 ? '' : `  ${signed(here)} (error ${error.toFixed(3)})`;
    return `  ${expert.padEnd(width)}  ${records} records${did}, usually ${signed(usual)}`;
  });
  return ['', 'How each did on the held-out records most like this one:', ...lines];
}

function known({ seen }: Explained): string[] {
  if (seen.length === 0) return [];
  const width = Math.max(...seen.map(({ field }) => field.length));
  return ['', 'Seen as:', ...seen.map(({ field, as }) => `  ${field.padEnd(width)}  ${as}`)];
}

function said({ experts }: Explained, shown: Shown): string[] {
  if (experts.length === 0) return [];
  const texts = experts.map(({ answer }) => shown.text(answer));
  const names = Math.max(...experts.map(({ expert }) => expert.length));
  const width = Math.max(...texts.map(({ length }) => length));
  const lines = experts.map(
    ({ expert, asked: was }, i) =>
      `  ${expert.padEnd(names)}  ${texts[i]!.padEnd(width)}  ${was ? 'asked' : 'not asked'}`,
  );
  return ['', 'What each expert says by itself:', ...lines];
}

function flipped({ decision, flip, tried }: Explained, shown: Shown): string[] {
  if (decision.runnerUp === null) return [];
  if (flip === null)
    return ['', `None of ${tried} changes of one or two fields would have sent it elsewhere.`];
  const same = flip.answer.value === decision.answer.value;
  return [
    '',
    'Smallest change found that sends it elsewhere:',
    `  ${flip.changes.map(changeText).join(' and ')};`,
    `  then ${list(flip.route)} would be asked, and the answer would ${same ? 'still ' : ''}be ${shown.text(flip.answer)}.`,
  ];
}

/** An explanation as lines of text. */
export function explainText(explained: Explained, shown: Shown): string {
  const { decision, route, answer } = explained;
  const [first] = decision.route;
  return [
    `Answer: ${shown.text(decision.answer)}`,
    ...asked(explained),
    ...(decision.missing.length === 0 ? [] : [`Missing: ${list(decision.missing)}`]),
    ...grounded(explained),
    ...influences(
      `Fields that moved the route (+ towards ${first?.expert}, - towards ${decision.runnerUp}, in score):`,
      route,
    ),
    ...influences(`Fields that moved the answer (${shown.effects(decision.answer)}):`, answer),
    ...known(explained),
    ...said(explained, shown),
    ...flipped(explained, shown),
  ].join('\n');
}
