/** `npm run reference [-- --write]`: checks, or writes, the pages made from the code's own descriptions. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

bootstrap();
const { pages } = await import('../dist/test/reference.js');

const stale = [];
for (const [name, page] of Object.entries(pages())) {
  const path = join(root, 'docs/reference', name);
  if (process.argv.includes('--write')) writeFileSync(path, page);
  else if (readFileSync(path, 'utf8') !== page) stale.push(path);
}
for (const path of stale) console.error(`${path} is stale: run npm run reference -- --write`);
if (stale.length > 0) process.exitCode = 1;
