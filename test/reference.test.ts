/** The reference pages say what the code says. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pages } from './reference.js';

it.each(Object.entries(pages()))('docs/reference/%s is as the code has it', (name, page) => {
  const found = readFileSync(`docs/reference/${name}`, 'utf8');
  expect(found, 'run npm run reference -- --write').toBe(page);
});
