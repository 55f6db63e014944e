/** Pictures in a browser: the same face as `picture.ts`, over the browser's own decoder and canvas. */
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
import { resample } from './resample.js';

/** What is used of the browser; the types of Node do not have it. */
interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}
interface Context {
  fillStyle: string;
  fillRect(x: number, y: number, width: number, height: number): void;
  drawImage(image: Bitmap, x: number, y: number, width: number, height: number): void;
  getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
}
interface Browser {
  createImageBitmap(source: unknown): Promise<Bitmap>;
  readonly OffscreenCanvas: new (
    width: number,
    height: number,
  ) => { getContext(kind: '2d'): Context };
  readonly ImageData: new (data: Uint8ClampedArray, width: number, height: number) => unknown;
}
const browser = globalThis as unknown as Browser;

async function bitmapOf(text: string): Promise<Bitmap> {
  const bytes = bytesIn(text);
  if (bytes !== undefined) return browser.createImageBitmap(new Blob([bytes]));
  throw fault('a data URI, base64 or numbers of an image', show(text), 'paths need Node');
}

/** The picture's own extent, when it has no more pixels than allowed. */
function checked(bitmap: Bitmap, limit: number): Bitmap {
  if (bitmap.width * bitmap.height <= limit) return bitmap;
  bitmap.close();
  throw fault(`at most ${limit} pixels`, 'a larger image', 'make it smaller, or raise "limit"');
}

/** What a value is before resizing; throws MonbanError where it cannot be read. */
export async function probe(value: RawPicture, reading: Reading): Promise<Extent> {
  if (typeof value !== 'string') return extentOfList(value.length, reading);
  try {
    const bitmap = checked(await bitmapOf(value), reading.limit);
    const { width, height } = bitmap;
    bitmap.close();
    return { width, height, channels: 3 };
  } catch (error) {
    throw reword(error, value, reading.limit);
  }
}

/** Numbers [H, W, C] as RGBA, opaque unless there is a fourth channel. */
function colours(bytes: Uint8Array, channels: number): Uint8ClampedArray {
  const pixels = bytes.length / channels;
  const out = new Uint8ClampedArray(pixels * 4).fill(255);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < Math.max(3, channels); c++)
      out[i * 4 + c] = bytes[i * channels + Math.min(c, channels - 1)]!;
  }
  return out;
}

/** Grey as the eye sees it (ITU-R BT.709), or the three colours. */
function channelsOf(data: Uint8ClampedArray, channels: number): Uint8Array {
  const out = new Uint8ClampedArray((data.length / 4) * channels);
  for (let i = 0; i < out.length / channels; i++) {
    const [red, green, blue] = [data[i * 4]!, data[i * 4 + 1]!, data[i * 4 + 2]!];
    if (channels === 1) out[i] = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    else out.set([red, green, blue], i * 3);
  }
  return new Uint8Array(out.buffer);
}

/** The pixels of a bitmap as RGBA [H, W, 4] on white, as they are. */
function pixelsOf(bitmap: Bitmap): Uint8ClampedArray {
  const { width, height } = bitmap;
  const context = new browser.OffscreenCanvas(width, height).getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return context.getImageData(0, 0, width, height).data;
}

/** Brought into `extent`, centred on black where the sides differ in proportion. */
function fitted(bitmap: Bitmap, { height, width, channels }: Extent): Uint8Array {
  const own = { height: bitmap.height, width: bitmap.width, channels };
  const scale = Math.min(width / own.width, height / own.height);
  const wide = Math.max(1, Math.round(own.width * scale));
  const high = Math.max(1, Math.round(own.height * scale));
  const small = resample(channelsOf(pixelsOf(bitmap), channels), own, high, wide);
  const [left, top] = [Math.floor((width - wide) / 2), Math.floor((height - high) / 2)];
  const out = new Uint8Array(height * width * channels);
  for (let y = 0; y < high; y++) {
    const row = small.subarray(y * wide * channels, (y + 1) * wide * channels);
    out.set(row, ((top + y) * width + left) * channels);
  }
  return out;
}

/**
 * The bytes [H, W, C] of a picture in `extent`; throws MonbanError where it cannot be read. Numbers
 * in the model's own extent are exact; what must be resized is resized as `picture.ts` does, to a
 * rounding.
 */
export async function decode(
  value: RawPicture,
  reading: Reading,
  extent: Extent,
  white: number,
): Promise<Uint8Array> {
  const name = typeof value === 'string' ? value : `${value.length} numbers`;
  try {
    if (typeof value === 'string')
      return fitted(checked(await bitmapOf(value), reading.limit), extent);
    const own = extentOfList(value.length, reading);
    const bytes = bytesOf(value, white);
    const { height, width, channels } = extent;
    if (own.height === height && own.width === width && own.channels === channels) return bytes;
    const image = new browser.ImageData(colours(bytes, own.channels), own.width, own.height);
    return fitted(await browser.createImageBitmap(image), extent);
  } catch (error) {
    throw reword(error, name, reading.limit);
  }
}
