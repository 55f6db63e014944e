/** The page of examples/edge, built and opened in a real browser, decides as Node does. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBundle } from '../src/mixture/bundle.js';
import { saveBundle } from '../src/mixture/save.js';
import { explain } from '../src/predict/explain.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { train } from '../src/train/train.js';
import { animals, small } from './animals.js';
import { type OpenedPage, openPage, skipped, why } from './browser.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-page-'));
const site = join(folder, 'site');
const record = { say: 'moo 猫かもしれない', weight: 480, eats: ['grass', 'lot3'] };
let native: Predictor;
let opened: OpenedPage;
let page: OpenedPage['page'];
const strange: string[] = [];

beforeAll(async () => {
  if (skipped) return;
  const model = join(folder, 'model');
  saveBundle(await train(small(1), animals(600)), model);
  native = await openPredictor(openBundle(model));
  const examples = join(folder, 'examples.jsonl');
  writeFileSync(examples, `${JSON.stringify(record)}\n`);
  execFileSync(process.execPath, [
    'scripts/edge.mjs',
    model,
    '--examples',
    examples,
    '--out',
    site,
  ]);
  opened = await openPage(site, { locale: 'en-GB' });
  page = opened.page;
  page.on('pageerror', (error) => strange.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(opened.address)) strange.push(request.url());
  });
  await page.goto(opened.address);
  await page.waitForSelector('form:not([hidden])');
}, 180_000);
afterAll(async () => {
  await opened?.close();
  await native?.close();
  rmSync(folder, { recursive: true, force: true });
});

const texts = (selector: string): Promise<string[]> => page.locator(selector).allTextContents();

test.skipIf(skipped)(`a record filled in gets the decision of Node${why}`, async () => {
  const explained = await explain(native, record);
  const { answer, route } = explained.decision;
  await page.fill('[name=say]', record.say);
  await page.fill('[name=weight]', String(record.weight));
  await page.fill('[name=eats]', record.eats.join(' '));
  await page.click('button[type=submit]');
  await page.waitForSelector('.flip');
  expect(await page.textContent('#value')).toBe(answer.value);
  expect(await page.textContent('.confidence')).toBe(`${(answer.confidence! * 100).toFixed(1)} %`);
  const asked = await texts('.experts .bar:not(.idle) .name');
  expect(asked).toEqual(route.map(({ expert }) => expert));
  expect(await texts('.experts .bar:not(.idle) .figure')).toEqual(
    route.map(({ weight }) => `weight ${(weight * 100).toFixed(1)} %`),
  );
});

test.skipIf(skipped)(`an empty form is answered too, in the other language${why}`, async () => {
  const [decision] = await native.decide([{}]);
  await page.click('[data-language=ja]');
  await page.click('button[type=reset]');
  await page.click('button[type=submit]');
  await page.waitForSelector('#value');
  expect(await page.textContent('#value')).toBe(decision!.answer.value);
  expect(await page.getAttribute('html', 'lang')).toBe('ja');
  expect(await page.textContent('main')).toContain('問い合わせられるエキスパートがいません');
});

test.skipIf(skipped)(`a value that fits no field is a fault on the page${why}`, async () => {
  await page.fill('[name=weight]', 'heavy');
  await page.click('button[type=submit]');
  await page.waitForSelector('.fault');
  expect(await page.textContent('.fault')).toMatch(/record.weight: expected a number, got "heavy"/);
});

test.skipIf(skipped)(`nothing is asked of another host, and nothing fails${why}`, async () => {
  expect(strange).toEqual([]);
  const [width, room] = (await page.evaluate(
    '[document.body.scrollWidth, innerWidth]',
  )) as number[];
  expect(width).toBeLessThanOrEqual(room!);
});
