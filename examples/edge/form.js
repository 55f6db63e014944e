/** The form: one input for each field of the bundle, by how its values are stored. */
import { element } from './element.js';

/** Kinds whose texts are long, and kinds whose values fit in half a row. */
const long = new Set(['text', 'log']);
const narrow = new Set(['number', 'category', 'time']);

function textInput(field, id) {
  if (long.has(field.kind)) return element('textarea', { id, name: field.name, rows: 1 });
  const list = field.common.length > 0 ? `${id}-common` : undefined;
  const number = field.storage === 'number';
  return element('input', {
    id,
    name: field.name,
    type: 'text',
    inputmode: number ? 'decimal' : undefined,
    list,
  });
}

/** A picture is read at once, so that its data URI is the value of the form. */
function pictureInput(field, id) {
  const value = element('input', { type: 'hidden', name: field.name });
  const chosen = element('input', { id, type: 'file', accept: 'image/*' });
  const shown = element('img', { alt: '', hidden: true });
  chosen.addEventListener('change', () => {
    const [file] = chosen.files;
    value.value = '';
    shown.hidden = true;
    if (file === undefined) return;
    const reader = new FileReader();
    reader.addEventListener('load', () => {
      value.value = reader.result;
      shown.src = reader.result;
      shown.hidden = false;
    });
    reader.readAsDataURL(file);
  });
  return element('div', { class: 'picture' }, chosen, shown, value);
}

function row(field, index) {
  const id = `field-${index}`;
  const input = field.storage === 'any' ? pictureInput(field, id) : textInput(field, id);
  const common = element('datalist', { id: `${id}-common` });
  for (const value of field.common) common.append(element('option', { value }));
  const label = element('label', { for: id }, field.name, element('small', {}, field.kind));
  return element(
    'div',
    { class: narrow.has(field.kind) ? 'row' : 'row wide' },
    label,
    input,
    common,
  );
}

/** Fills the form with a record; fields that it lacks become empty. */
export function fill(form, fields, record) {
  for (const { name } of fields) {
    const value = record[name];
    form.elements.namedItem(name).value = Array.isArray(value) ? value.join(', ') : (value ?? '');
  }
}

/** The record of a form; empty inputs are left out. */
export function recordOf(form, fields) {
  const values = fields.map(({ name }) => [name, form.elements.namedItem(name).value.trim()]);
  return Object.fromEntries(values.filter(([, value]) => value !== ''));
}

function exampleChooser(form, fields, examples, words) {
  const chooser = element('select', { id: 'example', 'aria-label': words.example });
  chooser.append(element('option', { value: '' }, words.example));
  examples.forEach((record, i) => {
    const name = Object.values(record).find((value) => typeof value === 'string');
    chooser.append(element('option', { value: i }, name ?? String(i + 1)));
  });
  chooser.addEventListener('change', () => {
    if (chooser.value === '') return;
    fill(form, fields, examples[Number(chooser.value)]);
    form.requestSubmit();
  });
  return chooser;
}

/** Builds the form anew in a language; what was filled in stays. */
export function buildForm(form, fields, examples, words) {
  const before = form.childElementCount > 0 ? recordOf(form, fields) : {};
  const clear = element('button', { type: 'reset', class: 'plain' }, words.clear);
  form.replaceChildren(
    element('h2', {}, words.record),
    element('p', { class: 'note' }, words.missing),
    ...(examples.length > 0 ? [exampleChooser(form, fields, examples, words)] : []),
    element('div', { class: 'rows' }, ...fields.map(row)),
    element(
      'div',
      { class: 'buttons' },
      element('button', { type: 'submit', class: 'main' }, words.ask),
      clear,
    ),
  );
  fill(form, fields, before);
  form.hidden = false;
}
