/** What pictures are before they are decoded, whatever decodes them: texts, or lists of numbers. */
import { fromBase64 } from '../core/base64.js';
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

/** A fault of a picture. */
export function fault(expected: string, found: string, todo: string): MonbanError {
  return new MonbanError({ where: 'image', expected, found, todo });
}

/** The encoded bytes that a text holds, as a data URI or as base64; undefined where it holds none. */
export function bytesIn(text: string): Uint8Array<ArrayBuffer> | undefined {
  const uri = encoded.exec(text);
  if (uri === null && !magic.test(text)) return undefined;
  try {
    return fromBase64(text.slice(uri?.[0].length ?? 0));
  } catch {
    throw fault('base64 of an image', show(text), 'mend it, or leave it out');
  }
}

/** Rewords what a decoder says. */
export function reword(error: unknown, text: string, limit: number): MonbanError {
  if (error instanceof MonbanError) return error;
  const message = String((error as Error).message ?? error).split('\n')[0]!;
  if (/pixel limit/i.test(message))
    return fault(`at most ${limit} pixels`, 'a larger image', 'make it smaller, or raise "limit"');
  const expected = 'a path, bytes, a data URI or numbers of an image';
  return fault(expected, `${show(text)} (${message.slice(0, 80)})`, 'mend it, or leave it out');
}

/** Lists of smaller pictures are mistakes: three numbers are no picture of one coloured pixel. */
const leastSide = 4;

/** Height, width and channels of a list of numbers: as told, or of a square in grey or colour. */
export function extentOfList(length: number, told: Reading): Extent {
  const options = told.channels === undefined ? [1, 3, 4] : [told.channels];
  for (const channels of options) {
    const area = length / channels;
    const width = told.width ?? (told.height === undefined ? Math.sqrt(area) : area / told.height);
    const height = told.height ?? area / width;
    const whole = Number.isInteger(width) && Number.isInteger(height);
    if (whole && Math.min(width, height) >= leastSide && width * height === area)
      return { height, width, channels };
  }
  throw fault(
    told.width === undefined ? 'the numbers of a square image' : 'as many numbers as the image has',
    `${length} numbers`,
    'give width, height and channels in the spec, or mend the list',
  );
}

/** Numbers of a list as bytes, where `white` is the brightest; throws where one is no number. */
export function bytesOf(list: readonly string[], white: number): Uint8Array {
  const bytes = new Uint8ClampedArray(list.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = Number(list[i]);
    if (Number.isNaN(value)) throw fault('numbers', show(list[i]), 'mend the list');
    bytes[i] = white === 255 ? value : (255 * value) / white;
  }
  return new Uint8Array(bytes.buffer);
}
