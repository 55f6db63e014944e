/** Pictures in Node, from files, encoded bytes or numbers; the only door to sharp, which is loaded late. */
import { isAbsolute, relative, resolve } from 'node:path';
import type { Sharp, SharpOptions } from 'sharp';
import { show } from '../core/fault.js';
import {
  bytesIn,
  bytesOf,
  type Extent,
  extentOfList,
  fault,
  type RawPicture,
  type Reading,
  reword,
} from './picture-value.js';

/** The bytes or the checked path of a text. */
function inputOf(text: string, { folder }: Reading): Uint8Array | string {
  const bytes = bytesIn(text);
  if (bytes !== undefined) return bytes;
  const path = resolve(folder ?? '.', text);
  if (folder !== undefined) {
    const inside = relative(resolve(folder), path);
    if (inside.startsWith('..') || isAbsolute(inside))
      throw fault(`a path inside ${folder}`, show(text), 'move the file, or change the folder');
  }
  return path;
}

async function open(input: Uint8Array | string, options: SharpOptions): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp(input, { failOn: 'error', ...options });
}

async function decoder(text: string, reading: Reading): Promise<Sharp> {
  return (await open(inputOf(text, reading), { limitInputPixels: reading.limit })).rotate();
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
    return await resized(await open(bytes, { raw }), extent);
  } catch (error) {
    throw reword(error, name, reading.limit);
  }
}
