/** The page: loads the bundle beside it, and decides what is typed, all in this browser. */
import { MonbanError, open } from 'monban/edge';
import { answerCard, expertsCard, whyCard } from './answer.js';
import { element, size } from './element.js';
import { buildForm, recordOf } from './form.js';
import { words as allWords, firstLanguage } from './words.js';

const at = (id) => document.getElementById(id);
const form = at('record');
const answer = at('answer');

const state = { language: firstLanguage(), edge: undefined, examples: [], shown: undefined };
const words = () => allWords[state.language];

function say(text, kind = 'note') {
  answer.replaceChildren(element('p', { class: `card ${kind}` }, text));
}

function sayError(error) {
  const text = error instanceof MonbanError ? error.message : `${error.name}: ${error.message}`;
  say(text, 'fault');
}

/** Bytes of the page, its scripts and the runtime, but not of the model. */
function runtimeBytes() {
  const all = [
    ...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource'),
  ];
  const own = all.filter(({ name }) => !name.includes('/model/'));
  return own.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);
}

function showFacts() {
  const { bundle } = state.edge;
  const bytes = bundle.manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  at('facts').replaceChildren(
    element('span', {}, words().local),
    element('span', {}, words().loaded(size(bytes), size(runtimeBytes()))),
    element('span', { title: bundle.id }, words().bundle(bundle.id.slice(0, 12))),
  );
}

function showDecision() {
  const { decision, explained } = state.shown;
  answer.replaceChildren(
    answerCard(decision, words()),
    expertsCard(decision, explained, words()),
    whyCard(decision, explained, words()),
  );
}

function showAll() {
  document.documentElement.lang = state.language;
  document.title = words().title;
  for (const button of document.querySelectorAll('[data-language]'))
    button.setAttribute('aria-pressed', String(button.dataset.language === state.language));
  if (state.edge === undefined) return;
  const { name, data } = state.edge.bundle.manifest.spec;
  at('subject').textContent = [name, data.target].filter(Boolean).join(' → ');
  buildForm(form, state.edge.fields, state.examples, words());
  showFacts();
  if (state.shown === undefined) say(words().waiting);
  else showDecision();
}

/** Decides at once; the explanation, which asks many times, follows. */
async function decide() {
  const record = recordOf(form, state.edge.fields);
  try {
    const [decision] = await state.edge.decide([record]);
    const shown = { decision, explained: undefined };
    state.shown = shown;
    showDecision();
    answer.scrollIntoView({ behavior: 'smooth', block: 'nearest' });
    await new Promise((done) => setTimeout(done, 30));
    shown.explained = await state.edge.explain(record);
    if (state.shown === shown) showDecision();
  } catch (error) {
    state.shown = undefined;
    sayError(error);
  }
}

async function examplesBeside() {
  const found = await fetch('examples.json');
  return found.ok ? found.json() : [];
}

async function start() {
  showAll();
  const onBytes = (come, all) =>
    say(come < all ? words().loading(size(come), size(all)) : words().starting);
  onBytes(0, 1);
  state.examples = await examplesBeside();
  state.edge = await open('model', { onBytes });
  // The first decision of a session is slow; nobody should have to wait for it.
  await state.edge.decide([state.examples[0] ?? {}]);
  showAll();
}

for (const button of document.querySelectorAll('[data-language]'))
  button.addEventListener('click', () => {
    state.language = button.dataset.language;
    showAll();
  });
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void decide();
});
form.addEventListener('reset', () => {
  state.shown = undefined;
  say(words().waiting);
});
start().catch(sayError);
