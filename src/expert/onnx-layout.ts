/** Lays the fields of a spec out as the inputs of an imported model, and says what does not fit. */
import type { Port } from '../core/column.js';
import { type Fault, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import type { ForeignSlot } from '../runtime/foreign.js';
import type { FieldPorts, FrozenInput, FrozenPart } from './expert.js';

/** One entry of an input in the spec, as its schema gives it. */
export interface Item {
  readonly field: string;
  readonly codes?: readonly string[] | Readonly<Record<string, number>> | undefined;
  readonly oneHot?: readonly string[] | undefined;
  readonly layout?: 'nchw' | 'nhwc' | undefined;
  readonly scale?: number | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly deviation?: readonly number[] | undefined;
}

type Entry = string | Item;

interface Options {
  readonly inputs: Readonly<Record<string, Entry | readonly Entry[]>>;
  readonly missing?: number | undefined;
  readonly missingText: string;
}

/** The entries of an input, a bare name as an entry. */
export function itemsOf(given: Entry | readonly Entry[]): Item[] {
  return ([given].flat() as Entry[]).map((entry) =>
    typeof entry === 'string' ? { field: entry } : entry,
  );
}

/** `float_input: float32 [N, 4]` */
export function slotText({ name, type, shape }: ForeignSlot): string {
  if (type === 'sequence') return `${name}: a sequence or map`;
  return `${name}: ${type} [${shape.map((dim) => (dim === '' ? '?' : dim)).join(', ')}]`;
}

const wholes = ['int64', 'int32', 'uint8', 'int8'];
const floats = ['float32', 'float64'];
const known = [...floats, ...wholes, 'bool', 'string'];

type Found = { readonly part: FrozenPart } | { readonly fault: Omit<Fault, 'where'> };

function picturePart(item: Item, port: string, { shape, width }: Port): Found {
  const extent = shape as readonly [number, number, number];
  const channels = extent[2];
  const each = (given: readonly number[] | undefined, usual: number) =>
    given ?? new Array<number>(channels).fill(usual);
  const mean = each(item.mean, 0);
  const deviation = each(item.deviation, 1);
  if (mean.length !== channels || deviation.length !== channels) {
    const found = `${mean.length} and ${deviation.length} of them`;
    return { fault: { expected: `a mean and a deviation for ${channels} channels`, found } };
  }
  const channelsFirst = (item.layout ?? 'nchw') === 'nchw';
  const picture = { shape: extent, channelsFirst, scale: item.scale ?? 1, mean, deviation };
  return { part: { port, width, picture } };
}

function textPart({ field, codes, oneHot }: Item, port: string, type: string): Found {
  if (type === 'string') return { part: { port, width: 1 } };
  if (oneHot !== undefined) return { part: { port, width: oneHot.length, oneHot } };
  if (codes === undefined) {
    const todo = `write { field: ${field}, codes: [first, second, ...] }, or oneHot`;
    return { fault: { expected: 'numbers', found: `${field}, which holds texts`, todo } };
  }
  const numbers = Array.isArray(codes)
    ? Object.fromEntries((codes as string[]).map((name, i) => [name, i]))
    : (codes as Record<string, number>);
  return { part: { port, width: 1, codes: numbers } };
}

function partOf(item: Item, type: string, fields: FieldPorts): Found {
  const { field } = item;
  const ports = fields[field];
  if (ports === undefined) {
    const close = nearest(field, Object.keys(fields));
    const todo = close === undefined ? 'add it to the fields' : `did you mean "${close}"?`;
    return { fault: { expected: 'a field of the spec', found: show(field), todo } };
  }
  if (ports.pixels !== undefined && floats.includes(type))
    return picturePart(item, `${field}:pixels`, ports.pixels);
  const port = `${field}:raw`;
  if (ports.raw?.holds === 'texts') return textPart(item, port, type);
  if (ports.raw?.holds === 'numbers' && type !== 'string') return { part: { port, width: 1 } };
  const found = ports.raw === undefined ? `${field}, of a kind without plain values` : field;
  const todo = 'choose another field, or give this one another kind';
  return { fault: { expected: `values that an input of ${type} can take`, found, todo } };
}

/** Lengths of a row for parts of `width` numbers; undefined where they do not fit the model. */
function rowShape(slot: ForeignSlot, parts: readonly FrozenPart[]): number[] | undefined {
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const rest = slot.shape.slice(1);
  const fits = (wanted: readonly number[]) =>
    rest.length === wanted.length &&
    rest.every((dim, i) => typeof dim !== 'number' || dim < 0 || dim === wanted[i]);
  const [picture] = parts.flatMap((part) => (part.picture === undefined ? [] : [part.picture]));
  if (picture !== undefined && rest.length > 1) {
    const [h, w, c] = picture.shape;
    const shape = picture.channelsFirst ? [c, h, w] : [h, w, c];
    return parts.length === 1 && fits(shape) ? shape : undefined;
  }
  if (slot.shape.length === 1) return width === 1 ? [] : undefined;
  if (rest.length === 1) return fits([width]) ? [width] : undefined;
  const whole = rest.every((dim): dim is number => typeof dim === 'number' && dim > 0);
  return whole && rest.reduce((a, b) => a * b, 1) === width ? rest : undefined;
}

function widthText(parts: readonly FrozenPart[]): string {
  const [one] = parts;
  if (parts.length === 1 && one!.picture !== undefined) {
    const { shape, channelsFirst } = one!.picture;
    const [h, w, c] = shape;
    return `a picture [${(channelsFirst ? [c, h, w] : [h, w, c]).join(', ')}]`;
  }
  return `${parts.reduce((sum, { width }) => sum + width, 0)} numbers a record`;
}

function layInput(
  slot: ForeignSlot,
  items: readonly Item[],
  options: Options,
  fields: FieldPorts,
  where: string,
): { input?: FrozenInput; faults: Fault[] } {
  if (!known.includes(slot.type)) {
    const todo = 'export the model with float32 inputs';
    return { faults: [{ where, expected: 'numbers or texts', found: slotText(slot), todo }] };
  }
  const found = items.map((item) => partOf(item, slot.type, fields));
  const faults = found.flatMap((one, i) =>
    'fault' in one ? [{ where: items.length === 1 ? where : `${where}[${i}]`, ...one.fault }] : [],
  );
  if (faults.length > 0) return { faults };
  const parts = found.flatMap((one) => ('part' in one ? [one.part] : []));
  const shape = rowShape(slot, parts);
  if (shape === undefined) {
    const todo = 'name the fields that the model was trained on, in their order';
    return { faults: [{ where, expected: slotText(slot), found: widthText(parts), todo }] };
  }
  const whole = wholes.includes(slot.type) || slot.type === 'bool';
  if (whole && options.missing === undefined && parts.some(({ oneHot }) => oneHot === undefined)) {
    const todo = 'add for example "missing: -1" to the expert, as the model was trained';
    const expected = 'a number for missing values, since whole numbers have no NaN';
    return { faults: [{ where, expected, found: slotText(slot), todo }] };
  }
  const missing = slot.type === 'string' ? options.missingText : (options.missing ?? null);
  return { input: { name: slot.name, type: slot.type, shape, parts, missing }, faults: [] };
}

/** The inputs of the model in its own order, or every reason why the spec does not give them. */
export function layInputs(
  options: Options,
  fields: FieldPorts,
  slots: readonly ForeignSlot[],
  where: string,
): { inputs: FrozenInput[]; faults: Fault[] } {
  const all = slots.map(slotText).join(', ') || 'none';
  const names = slots.map(({ name }) => name);
  const faults = Object.keys(options.inputs)
    .filter((name) => !names.includes(name))
    .map((name): Fault => {
      const close = nearest(name, names);
      const todo = close === undefined ? 'name one of these' : `did you mean "${close}"?`;
      const at = `${where}.inputs.${name}`;
      return { where: at, expected: `one of the model's inputs: ${all}`, found: show(name), todo };
    });
  const inputs: FrozenInput[] = [];
  for (const slot of slots) {
    const given = options.inputs[slot.name];
    const at = `${where}.inputs.${slot.name}`;
    if (given === undefined) {
      faults.push({
        where: at,
        expected: `fields for the model's input ${slotText(slot)}`,
        found: 'nothing',
        todo: `add "${slot.name}: [field, ...]" to the inputs`,
      });
      continue;
    }
    const laid = layInput(slot, itemsOf(given), options, fields, at);
    faults.push(...laid.faults);
    if (laid.input !== undefined) inputs.push(laid.input);
  }
  return { inputs, faults };
}
