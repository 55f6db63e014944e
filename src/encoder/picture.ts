/** Pictures from files, encoded bytes or plain numbers; the only door to sharp, which is loaded late. */
import { isAbsolute, relative, resolve } from 'node:path';
import type { Sharp, SharpOptions } from 'sharp';
import { MonbanError, show } from '../core/fault.js';

/** Height, width and channels of a picture. */
export interface Extent {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** What a value may be before it is decoded. */
export type RawPicture = string | readonly string[];

/** How values are to be read. */
export interface Reading {
  /** Where relative paths start; where it is given, paths may not lead out of it. */
  readonly folder?: string | undefined;
  /** Pixels of a picture at the most, before it is resized. */
  readonly limit: number;
  /** How lists of numbers lie; a square where it is not said. */
  readonly height?: number | undefined;
  readonly width?: number | undefined;
  readonly channels?: number | undefined;
}

const encoded = /^data:image\/[\w.+-]+;base64,/i;
/** How PNG, JPEG, WebP, GIF and TIFF begin in base64; longer than a path is likely to be. */
const magic = /^(iVBORw0KGgo|\/9j\/|UklGR|R0lGOD|SUkqA|TU0AK)[A-Za-z0-9+/\s]{40,}=*\s*$/;

function fault(expected: string, found: string, todo: string): MonbanError {
  return new MonbanError({ where: 'image', expected, found, todo });
}

/** The bytes or the checked path of a text. */
function inputOf(text: string, { folder }: Reading): Buffer | string {
  const uri = encoded.exec(text);
  if (uri !== null) return Buffer.from(text.slice(uri[0].length), 'base64');
  if (magic.test(text)) return Buffer.from(text, 'base64');
  const path = resolve(folder ?? '.', text);
  if (folder !== undefined) {
    const inside = relative(resolve(folder), path);
    if (inside.startsWith('..') || isAbsolute(inside))
      throw fault(`a path inside ${folder}`, show(text), 'move the file, or change the folder');
  }
  return path;
}

async function open(input: Buffer | string, options: SharpOptions): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp(input, { failOn: 'error', ...options });
}

/** Rewords what sharp says. */
function reword(error: unknown, text: string, limit: number): MonbanError {
  if (error instanceof MonbanError) return error;
  const message = String((error as Error).message ?? error).split('\n')[0]!;
  if (/pixel limit/i.test(message))
    return fault(`at most ${limit} pixels`, 'a larger image', 'make it smaller, or raise "limit"');
  const expected = 'a path, bytes, a data URI or numbers of an image';
  return fault(expected, `${show(text)} (${message.slice(0, 80)})`, 'mend it, or leave it out');
}

async function decoder(text: string, reading: Reading): Promise<Sharp> {
  return (await open(inputOf(text, reading), { limitInputPixels: reading.limit })).rotate();
}

/** Height, width and channels of a list of numbers: as told, or of a square in grey or colour. */
function extentOfList(length: number, told: Reading): Extent {
  const options = told.channels === undefined ? [1, 3, 4] : [told.channels];
  for (const channels of options) {
    const area = length / channels;
    const width = told.width ?? (told.height === undefined ? Math.sqrt(area) : area / told.height);
    const height = told.height ?? area / width;
    const whole = Number.isInteger(width) && Number.isInteger(height) && length > 0;
    if (whole && width * height === area) return { height, width, channels };
  }
  throw fault(
    told.width === undefined ? 'the numbers of a square image' : 'as many numbers as the image has',
    `${length} numbers`,
    'give width, height and channels in the spec, or mend the list',
  );
}

/** What a value is before resizing; throws MonbanError where it cannot be read. */
export async function probe(value: RawPicture, reading: Reading): Promise<Extent> {
  if (typeof value !== 'string') return extentOfList(value.length, reading);
  try {
    const image = await decoder(value, reading);
    const { autoOrient, channels = 3, space } = await image.metadata();
    return { ...autoOrient, channels: space === 'b-w' ? 1 : Math.min(3, channels) };
  } catch (error) {
    throw reword(error, value, reading.limit);
  }
}

/** Numbers of a list as bytes, where `white` is the brightest; throws where one is no number. */
function bytesOf(list: readonly string[], white: number): Uint8Array {
  const bytes = new Uint8ClampedArray(list.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = Number(list[i]);
    if (Number.isNaN(value)) throw fault('numbers', show(list[i]), 'mend the list');
    bytes[i] = white === 255 ? value : (255 * value) / white;
  }
  return new Uint8Array(bytes.buffer);
}

/** Resized into `extent`, centred on black where the sides differ in proportion. */
async function resized(image: Sharp, { height, width, channels }: Extent): Promise<Uint8Array> {
  const flat = image
    .flatten({ background: 'white' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .resize(width, height, { fit: 'contain', background: 'black', kernel: 'linear' });
  const { data, info } = await flat.raw().toBuffer({ resolveWithObject: true });
  if (info.channels === channels) return new Uint8Array(data);
  // A grey image in a colour field, or the other way round.
  const area = height * width;
  return Uint8Array.from({ length: area * channels }, (_, i) => {
    const at = Math.floor(i / channels) * info.channels;
    return data[at + Math.min(i % channels, info.channels - 1)]!;
  });
}

/** The bytes [H, W, C] of a picture in `extent`; throws MonbanError where it cannot be read. */
export async function decode(
  value: RawPicture,
  reading: Reading,
  extent: Extent,
  white: number,
): Promise<Uint8Array> {
  const name = typeof value === 'string' ? value : `${value.length} numbers`;
  try {
    if (typeof value === 'string') return await resized(await decoder(value, reading), extent);
    const own = extentOfList(value.length, reading);
    const bytes = bytesOf(value, white);
    const { height, width, channels } = extent;
    if (own.height === height && own.width === width && own.channels === channels) return bytes;
    const raw = { ...own, channels: own.channels as 1 | 3 | 4 };
    return await resized(await open(Buffer.from(bytes.buffer), { raw }), extent);
  } catch (error) {
    throw reword(error, name, reading.limit);
  }
}
