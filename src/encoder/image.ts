/** Images: decoded and resized once, then the pixels for experts and a thumbnail for the gate. */
import { z } from 'zod';
import { decode, probe } from '#picture';
import type { Column } from '../core/column.js';
import { type Fault, MonbanError } from '../core/fault.js';
import type { Values } from '../data/column.js';
import type { Coder, Encoder, Loaded } from './encoder.js';
import type { Extent, RawPicture, Reading } from './picture-value.js';
import { isPresent } from './present.js';

const side = z.int().min(4).max(512);
const config = z.strictObject({
  size: side
    .optional()
    .describe('side of the square that experts read; as the images are, up to 32, without it'),
  width: side.optional().describe('pixels in a row of a list of numbers'),
  height: side.optional().describe('rows of a list of numbers'),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .optional()
    .describe('1 for grey, 3 for colour; as the images are without it'),
  folder: z.string().min(1).optional().describe('where paths start, and which they may not leave'),
  limit: z
    .int()
    .min(1)
    .max(1e9)
    .default(25_000_000)
    .describe('pixels of an image at the most, before it is resized'),
  broken: z
    .enum(['missing', 'error'])
    .default('missing')
    .describe('what an image that cannot be read counts as'),
});
type Config = z.infer<typeof config>;

export interface ImageState {
  /** What experts read. */
  readonly extent: Extent;
  /** The number in a list that is white. */
  readonly white: number;
  readonly reading: Reading;
  readonly broken: Config['broken'];
}

/** Images that decide about size, channels and white. */
const mostProbed = 256;
/** Without a size in the spec, larger images are made so small. */
const naturalSide = 32;
/** Sides of the thumbnail that the gate reads. */
const thumbSide = 8;
/** Images decoded at once. */
const wave = 16;
/** Where lists reach to: shares, digits of scikit-learn, bytes, two bytes. */
const whites = [1, 16, 255, 65535];

type Raw = RawPicture | Uint8Array | null;

/** Evenly spaced values that are given. */
function sampleOf(values: readonly Raw[]): RawPicture[] {
  const given = values.filter((value) => isPresent(value) && !(value instanceof Uint8Array));
  const step = Math.max(1, given.length / mostProbed);
  const count = Math.min(given.length, mostProbed);
  return Array.from({ length: count }, (_, i) => given[Math.floor(i * step)] as RawPicture);
}

function middle(numbers: readonly number[]): number | undefined {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function whiteOf(sample: readonly RawPicture[]): number {
  let most = 0;
  for (const value of sample) {
    if (typeof value === 'string') continue;
    for (const item of value) if (Number(item) > most) most = Number(item);
  }
  return most === 0 ? 255 : (whites.find((white) => most <= white) ?? most);
}

function extentOf(found: readonly Extent[], { size, channels }: Config): Extent {
  const height = middle(found.map((one) => one.height)) ?? naturalSide;
  const width = middle(found.map((one) => one.width)) ?? naturalSide;
  const shrink = Math.max(1, height / naturalSide, width / naturalSide);
  const fitted = (length: number) => size ?? Math.max(4, Math.round(length / shrink));
  const colour = found.some((one) => one.channels > 1);
  return { height: fitted(height), width: fitted(width), channels: channels ?? (colour ? 3 : 1) };
}

async function fit(values: Values, options: Config): Promise<ImageState> {
  const { folder, limit, width, height, channels, broken } = options;
  const lists = { width, height, channels };
  const reading: Reading = JSON.parse(JSON.stringify({ folder, limit, ...lists }));
  const sample = sampleOf(values as readonly Raw[]);
  const probed = await Promise.all(
    sample.map((value) => probe(value, reading).catch(() => undefined)),
  );
  const found = probed.filter((one) => one !== undefined);
  return { extent: extentOf(found, options), white: whiteOf(sample), reading, broken };
}

/** Decodes what is not decoded yet, some at once; what cannot be read becomes null. */
async function load(values: Values, state: ImageState, first: number): Promise<Loaded> {
  const raw = values as readonly Raw[];
  const faults: { readonly row: number; readonly fault: Fault }[] = [];
  const out: (Uint8Array | null)[] = [];
  const one = async (value: Raw, row: number): Promise<Uint8Array | null> => {
    if (value === null || value instanceof Uint8Array || !isPresent(value))
      return value instanceof Uint8Array ? value : null;
    try {
      return await decode(value, state.reading, state.extent, state.white);
    } catch (error) {
      const [fault] = (error as MonbanError).faults;
      faults.push({ row, fault: { ...fault!, where: `record ${row + first}` } });
      return null;
    }
  };
  for (let from = 0; from < raw.length; from += wave) {
    const part = raw.slice(from, from + wave);
    out.push(...(await Promise.all(part.map((value, i) => one(value, from + i)))));
  }
  // In the order of the records, whichever was decoded first.
  const told = faults.sort((a, b) => a.row - b.row).map(({ fault }) => fault);
  if (told.length > 0 && state.broken === 'error') throw new MonbanError(told.slice(0, 10));
  return { values: out, faults: told };
}

/** [B, H x W x C] from 0 (black, or missing) to 1. */
function pixelsOf(images: readonly (Uint8Array | null)[], length: number): Float32Array {
  const data = new Float32Array(images.length * length);
  images.forEach((image, row) => {
    if (image === null) return;
    for (let i = 0, at = row * length; i < length; i++) data[at + i] = image[i]! / 255;
  });
  return data;
}

/** Means over the cells of a grid of `thumbSide` x `thumbSide`: [B, 64 x C]. */
function thumbsOf(images: readonly (Uint8Array | null)[], extent: Extent): Float32Array {
  const { height, width, channels } = extent;
  const length = thumbSide * thumbSide * channels;
  const data = new Float32Array(images.length * length);
  const cell = (at: number, size: number): [number, number] => {
    const from = Math.floor((at * size) / thumbSide);
    return [from, Math.max(from + 1, Math.floor(((at + 1) * size) / thumbSide))];
  };
  images.forEach((image, row) => {
    if (image === null) return;
    for (let i = 0; i < length; i++) {
      const channel = i % channels;
      const place = (i - channel) / channels;
      const [top, bottom] = cell(Math.floor(place / thumbSide), height);
      const [left, right] = cell(place % thumbSide, width);
      let sum = 0;
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) sum += image[(y * width + x) * channels + channel]!;
      data[row * length + i] = sum / (255 * (bottom - top) * (right - left));
    }
  });
  return data;
}

function open(state: ImageState): Coder {
  const { extent } = state;
  const { height, width, channels } = extent;
  const shape = [height, width, channels];
  const length = height * width * channels;
  const small = thumbSide * thumbSide * channels;
  const loadedOf = (values: Values): readonly (Uint8Array | null)[] => {
    const fits = (values as readonly Raw[]).every(
      (one) => one === null || one instanceof Uint8Array,
    );
    if (!fits) throw new Error('image: encode wants what load gave');
    return values as readonly (Uint8Array | null)[];
  };
  const encoders: Record<string, (images: readonly (Uint8Array | null)[]) => Column> = {
    pixels: (images) => {
      const data = pixelsOf(images, length);
      return { form: 'values', width: length, own: true, shape, data };
    },
    thumb: (images) => ({ form: 'values', width: small, data: thumbsOf(images, extent) }),
  };
  return {
    ports: {
      pixels: { form: 'values', width: length, cheap: false, own: true, shape },
      thumb: { form: 'values', width: small, cheap: true },
    },
    load: (values, first = 1) => load(values, state, first),
    present: (values, row) => isPresent((values as readonly unknown[])[row]),
    encode(values, want) {
      const columns: Record<string, Column> = {};
      const images = loadedOf(values);
      for (const port of want) columns[port] = encoders[port]!(images);
      return columns;
    },
  };
}

/** Ports: `pixels` [H, W, C] as an input of its own, `thumb` (a grid of means). */
export const image: Encoder<Config, ImageState, Promise<ImageState>> = {
  kind: 'image',
  summary: 'a picture: a path, bytes (PNG, JPEG, WebP), a data URI, or a list of numbers',
  storage: 'any',
  config,
  fit,
  open,
};
