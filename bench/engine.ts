/** Times the engine against PyTorch, in turns, and writes docs/bench.md: `npm run bench`. */
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/core/file.js';
import type { Case } from './engine/case.js';
import { expertCases } from './engine/experts.js';
import { type Measured, measure } from './engine/measure.js';
import { page } from './engine/page.js';
import { howToInstall, openPeer } from './engine/peer.js';
import { measureRoutes } from './engine/routes.js';
import { sparseCases } from './engine/sparse.js';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function describe({ name, ours, peer, ratio, cpuRatio, target }: Measured): string {
  const cells = [ours, peer, ratio?.middle, cpuRatio?.middle, target];
  const figures = cells.map((value) => (value?.toPrecision(3) ?? '').padStart(9));
  return `${name.padEnd(52)}${figures.join('')}`;
}

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const wanted = (name: string): boolean => values.only === undefined || name.includes(values.only);
const peer = await openPeer();
if (peer === undefined) {
  say('Python has no PyTorch, so only our own times are taken. To compare, install it:');
  say(`  ${howToInstall}   (another Python: PYTHON=...)`);
} else say(`PyTorch ${peer.about.torch}, ${peer.about.blas}`);

say(`${'milliseconds'.padEnd(52)}     ours     peer    ratio  on core    asked`);
const cases: readonly Case[] = [...sparseCases, ...expertCases];
const measured: Measured[] = [];
for (const one of cases.filter(({ name }) => wanted(name))) {
  measured.push(await measure(one, peer));
  say(describe(measured.at(-1)!));
}
const routes = [];
for (const rows of [1, 1024].filter(() => wanted('routes'))) {
  const found = await measureRoutes(rows);
  routes.push(found);
  const { few, many, ratio } = found;
  say(
    `64 experts against 8, ${rows} at once: ${many.toFixed(1)} / ${few.toFixed(1)} us a record, ${ratio.middle.toFixed(2)}`,
  );
}
peer?.close();
if (peer !== undefined && values.only === undefined) {
  writeFileAtomic('docs/bench.md', page(measured, routes, peer));
  say('docs/bench.md is written');
}
