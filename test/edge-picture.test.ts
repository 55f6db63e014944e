/** Pictures that a real browser decodes get the answers of Node: exactly, or nearly where they are resized. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { decode } from '../src/encoder/picture.js';
import { openBundle } from '../src/mixture/bundle.js';
import type { Decision } from '../src/mixture/decision.js';
import { plan } from '../src/mixture/plan.js';
import { saveBundle } from '../src/mixture/save.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import type { LabelledRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { type OpenedPage, openPage, skipped, why } from './browser.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-edge-picture-'));
const extent = { height: 16, width: 16, channels: 3 };
const reading = { limit: 1e6 };
let native: Predictor;
let opened: OpenedPage;

/** A bar that lies (red) or stands (blue) on soft colours, as raw pixels. */
function drawn(stands: boolean, [width, height]: readonly [number, number], seed: number): Sharp {
  const stream = random(seed, 'pictures');
  const at = (0.2 + 0.6 * stream.uniform()) * (stands ? width : height);
  const thick = Math.max(width, height) / 12;
  const tint = [0, 1, 2].map(() => 30 + stream.below(80));
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const place = Math.floor(i / 3);
    const [x, y] = [place % width, Math.floor(place / width)];
    if (Math.abs((stands ? x : y) - at) < thick) return i % 3 === (stands ? 2 : 0) ? 240 : 20;
    return tint[i % 3]! + Math.round((60 * (x + y)) / (width + height));
  });
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

const uri = async (image: Sharp): Promise<string> => {
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  return `data:image/${info.format};base64,${data.toString('base64')}`;
};

const sizes = {
  own: [16, 16],
  twice: [32, 32],
  'ten times': [160, 160],
  'half as large': [8, 8],
  wide: [64, 40],
} as const;
const formats: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  png: (image) => image.png(),
  'grey png': (image) => image.greyscale().png(),
  'png with alpha': (image) => image.ensureAlpha(0.6).png(),
  jpeg: (image) => image.jpeg({ quality: 85 }),
  webp: (image) => image.webp({ quality: 85 }),
};

/** Ten pictures of every format and size, by its name. */
async function samples(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const [format, write] of Object.entries(formats))
    for (const [name, size] of Object.entries(sizes)) {
      const images = Array.from({ length: 10 }, (_, i) => drawn(i % 2 === 0, size, 100 + i));
      found.set(`${format}, ${name}`, await Promise.all(images.map((one) => uri(write(one)))));
    }
  return found;
}

async function trained(model: string): Promise<void> {
  const target = Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? 'stands' : 'lies'));
  const shape = Object.values(sizes);
  const photo = await Promise.all(
    target.map((_, i) => uri(drawn(i % 2 === 0, shape[i % shape.length]!, i).png())),
  );
  const unit = Uint32Array.from(target.keys());
  const rows: LabelledRows = { rows: 120, values: { photo }, target, unit, unlabelled: 0 };
  const kind = { kind: 'image', rotate: 0, training: { epochs: 8, batch: 16 } };
  const use = plan({
    data: { source: 'pictures', target: 'way' },
    fields: { photo: { kind: 'image', size: 16, channels: 3 } },
    experts: { small: { ...kind, channels: [4] }, large: { ...kind, channels: [4, 8] } },
    gate: { kind: 'linear', epochs: 2, topK: 2, pool: 'mixture' },
    training: { threads: 0, crossFitBelow: 0, holdout: 0.4 },
  });
  saveBundle(await train(use, rows), model);
}

/** A page that offers `open` and `decode` of the browser's build, and nothing else. */
async function built(site: string): Promise<void> {
  const root = join(folder, 'page');
  mkdirSync(root);
  writeFileSync(join(root, 'index.html'), '<script type="module" src="./page.js"></script>');
  const source = (path: string) => JSON.stringify(resolve('dist/src', path));
  writeFileSync(
    join(root, 'page.js'),
    `import { open } from ${source('edge.js')};
import { decode } from ${source('encoder/picture-browser.js')};
Object.assign(window, { edge: open('model'), decode });`,
  );
  const outDir = site;
  await build({
    ...{ configFile: false, root, base: './', logLevel: 'error' },
    build: { outDir, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 4000 },
  });
  cpSync(join(folder, 'model'), join(site, 'model'), { recursive: true });
}

beforeAll(async () => {
  if (skipped) return;
  const model = join(folder, 'model');
  await trained(model);
  native = await openPredictor(openBundle(model));
  await built(join(folder, 'site'));
  opened = await openPage(join(folder, 'site'));
  await opened.page.goto(opened.address);
  await opened.page.waitForFunction('window.edge !== undefined');
}, 180_000);
afterAll(async () => {
  await opened?.close();
  await native?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The bytes and the decision of the browser for each picture. */
function there(pictures: readonly string[]): Promise<{ bytes: number[]; decision: Decision }[]> {
  const call = `(async () => {
    const edge = await window.edge;
    const pictures = ${JSON.stringify(pictures)};
    const decisions = await edge.decide(pictures.map((photo) => ({ photo })));
    return Promise.all(pictures.map(async (picture, i) => ({
      bytes: [...await window.decode(picture, ${JSON.stringify(reading)}, ${JSON.stringify(extent)}, 255)],
      decision: decisions[i],
    })));
  })()`;
  return opened.page.evaluate(call) as Promise<{ bytes: number[]; decision: Decision }[]>;
}

const probability = ({ answer }: Decision): number =>
  answer.top!.find(({ value }) => value === 'lies')!.probability;

/**
 * Differences of ten pictures: of bytes on average and at most, of answers, and of probabilities where
 * Node is asked about the very bytes that the browser decoded. How far a byte moves a probability is the
 * network's affair.
 */
async function differences(pictures: readonly string[]) {
  const found = await there(pictures);
  const here = await native.decide(pictures.map((photo) => ({ photo })));
  const same = await native.decide(found.map(({ bytes }) => ({ photo: bytes })));
  const gaps: number[] = [];
  for (const [i, picture] of pictures.entries()) {
    const own = await decode(picture, reading, extent, 255);
    gaps.push(...own.map((byte, at) => Math.abs(byte - found[i]!.bytes[at]!)));
  }
  const apart = found.map(({ decision }, i) =>
    Math.abs(probability(decision) - probability(same[i]!)),
  );
  return {
    mean: gaps.reduce((a, b) => a + b, 0) / gaps.length,
    most: Math.max(...gaps),
    probability: Math.max(...apart),
    others: found.filter(({ decision }, i) => decision.answer.value !== here[i]!.answer.value)
      .length,
  };
}

/** At most: bytes on average, and a byte. */
const bounds: readonly [RegExp, readonly [number, number]][] = [
  [/^(png|grey png|jpeg|webp), own/, [0, 0]],
  // Transparency is rounded otherwise, and Node's decoders of JPEG and WebP shrink pictures on the way.
  [/^png with alpha/, [1, 4]],
  [/^(jpeg|webp), (twice|ten times|wide)/, [5, 45]],
  [/./, [1, 8]],
];

test.skipIf(skipped)(`pictures decoded in the browser are answered as in Node${why}`, async () => {
  for (const [name, pictures] of await samples()) {
    const found = await differences(pictures);
    const [, [mean, most]] = bounds.find(([pattern]) => pattern.test(name))!;
    const told = `${name}: ${JSON.stringify(found)}`;
    if (process.env.EDGE_FIGURES !== undefined) process.stdout.write(`${told}\n`);
    expect(found.mean, told).toBeLessThanOrEqual(mean);
    expect(found.most, told).toBeLessThanOrEqual(most);
    expect(found.probability, told).toBeLessThan(1e-5);
    expect(found.others, told).toBe(0);
  }
});

test.skipIf(skipped)(`a picture that cannot be read is missing there too${why}`, async () => {
  const call = "window.edge.then((edge) => edge.decide([{ photo: 'data:image/png;base64,AAAA' }]))";
  const [decision] = (await opened.page.evaluate(call)) as Decision[];
  expect(decision!.missing).toEqual(['photo']);
});
