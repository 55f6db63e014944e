/** Shows a decision: the answer, who was asked, and why. */
import { amount, element, percent, signed } from './element.js';

/** A name, a bar of a share of the width, and a figure. */
function bar(name, share, figure, kind = '') {
  const filled = element('span', { class: `fill ${kind}` });
  filled.style.inlineSize = `${Math.min(100, Math.abs(share) * 100).toFixed(1)}%`;
  return element(
    'li',
    { class: 'bar' },
    element('span', { class: 'name' }, name),
    element('span', { class: 'track' }, filled),
    element('span', { class: 'figure' }, figure),
  );
}

const answerText = ({ value, confidence }) =>
  confidence === undefined ? amount(value) : `${value} (${percent(confidence)})`;

function headline({ value, confidence, spread, intervals = [] }, words) {
  const parts = [element('p', { class: 'value', id: 'value' }, String(amount(value)))];
  if (confidence !== undefined)
    parts.push(element('p', { class: 'confidence' }, percent(confidence)));
  const lines = intervals.map(({ level, low, high }) =>
    words.interval(percent(level), amount(low), amount(high)),
  );
  if (spread !== undefined) lines.unshift(words.spread(amount(spread)));
  return [
    element('div', { class: 'headline' }, ...parts),
    ...lines.map((line) => element('p', { class: 'note' }, line)),
  ];
}

/** The answer, at once after the decision. */
export function answerCard(decision, words) {
  const { answer, ms } = decision;
  const top = (answer.top ?? []).map(({ value, probability }) =>
    bar(String(amount(value)), probability, percent(probability)),
  );
  const figures = Object.fromEntries(
    Object.entries(ms).map(([stage, time]) => [stage, time.toFixed(1)]),
  );
  return element(
    'article',
    { class: 'card' },
    element('h2', {}, words.answer),
    ...headline(answer, words),
    ...(top.length > 1 ? [element('ul', { class: 'bars' }, ...top)] : []),
    element(
      'p',
      { class: 'note time' },
      element('strong', {}, words.took(figures.total)),
      element('span', {}, words.stages(figures)),
    ),
  );
}

function expertRow(name, decision, explained, words) {
  const asked = decision.route.find(({ expert }) => expert === name);
  const own = explained?.experts.find(({ expert }) => expert === name);
  const state = asked === undefined ? words.notAsked : words.weight(percent(asked.weight));
  const closed = explained !== undefined && own === undefined;
  const item = bar(name, asked?.weight ?? 0, closed ? words.cannot : state);
  if (asked === undefined) item.classList.add('idle');
  if (own !== undefined)
    item.append(element('span', { class: 'says' }, words.says(answerText(own.answer))));
  return item;
}

/** Experts by weight, with what each says by itself once that is known. */
export function expertsCard(decision, explained, words) {
  const weights = new Map(decision.route.map(({ expert, weight }) => [expert, weight]));
  const names = Object.keys(decision.scores).sort(
    (a, b) => (weights.get(b) ?? -1) - (weights.get(a) ?? -1),
  );
  const { runnerUp, margin } = decision;
  const behind =
    runnerUp === null || margin === null
      ? []
      : [element('p', { class: 'note' }, words.runnerUp(runnerUp, margin.toFixed(3)))];
  return element(
    'article',
    { class: 'card' },
    element('h2', {}, words.asked),
    ...(decision.route.length === 0 ? [element('p', { class: 'note' }, words.nobody)] : []),
    element(
      'ul',
      { class: 'bars experts' },
      ...names.map((name) => expertRow(name, decision, explained, words)),
    ),
    ...behind,
  );
}

function influences(title, all) {
  const shown = all.filter(({ effect }) => Math.abs(effect) >= 5e-4).slice(0, 5);
  if (shown.length === 0) return [];
  const most = Math.abs(shown[0].effect);
  const rows = shown.map(({ field, effect }) =>
    bar(field, effect / most, signed(effect), effect < 0 ? 'minus' : 'plus'),
  );
  return [element('h3', {}, title), element('ul', { class: 'bars' }, ...rows)];
}

function flipText({ flip, tried }, words) {
  if (flip === null) return words.noFlip(tried);
  const changes = flip.changes.map(({ field, to }) =>
    to === null ? words.leftOut(field) : words.changed(field, amount(to)),
  );
  const join = (list) => list.join(words.and);
  return words.flip(join(changes), join(flip.route), answerText(flip.answer));
}

/** Why: the fields that moved the route and the answer, and what would have changed it. */
export function whyCard(decision, explained, words) {
  const card = element('article', { class: 'card' }, element('h2', {}, words.why));
  if (explained === undefined) {
    card.append(element('p', { class: 'note' }, words.explaining));
    return card;
  }
  const first = decision.route[0]?.expert;
  card.append(...influences(words.moved, explained.answer));
  if (decision.runnerUp !== null) {
    card.append(...influences(words.route(first, decision.runnerUp), explained.route));
    card.append(element('p', { class: 'note flip' }, flipText(explained, words)));
  }
  return card;
}
