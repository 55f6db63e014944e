/** The layer check passes on the sources and fails on every kind of broken import. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What, the importing file, what it imports, and the rule that it breaks. */
const broken = [
  ['up', 'core/up.ts', '../encoder/b.js', 'layer-core'],
  ['sideways', 'expert/side.ts', '../gate/b.js', 'layer-expert'],
  ['sideways against the arrow', 'tensor/side.ts', '../runtime/b.js', 'layer-tensor'],
  ['up from a test', 'core/up.test.ts', '../data/b.js', 'tests-of-core'],
  ['of a contract suite', 'gate/suite.ts', './contract.js', 'no-test-import'],
  ['of the public face', 'cli/face.ts', '../index.js', 'layer-cli'],
  ['from an unlisted folder', 'util/a.ts', '../core/b.js', 'unlisted'],
  ['out of src', 'core/out.ts', '../../test/b.js', 'no-way-out'],
  ['of the runtime outside its door', 'predict/a.ts', 'onnxruntime-node', 'door-onnxruntime-node'],
  ['of DuckDB outside its door', 'log/a.ts', '@duckdb/node-api', 'door-@duckdb/node-api'],
  ['of a library without a door', 'core/free.ts', 'doorless', 'no-door'],
  ['in a circle', 'core/circle.ts', './ring.js', 'no-cycle'],
  ['of nothing', 'core/lost.ts', './nowhere.js', 'not-found'],
] as const;

const allowed = [
  ['of a lower storey', 'mixture/a.ts', '../core/b.js'],
  ['of its own folder', 'expert/a.ts', './b.js'],
  ['sideways where the table says so', 'runtime/a.ts', '../tensor/b.js'],
  ['sideways from a test', 'tensor/a.test.ts', '../runtime/b.js'],
  ['of a library by its door', 'runtime/door.ts', 'onnxruntime-node'],
  ['of a library that is open to all', 'gate/open.ts', 'zod'],
] as const;

/** Runs the check on a folder, or on the checkout. */
function check(...args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const script = join(root, 'scripts/layers.mjs');
    execFile(process.execPath, [script, ...args], { cwd: root }, (error, out, err) =>
      resolve({ code: error === null ? 0 : 1, said: out + err }),
    );
  });
}

/** Writes a tree in which all the imports of the two tables occur. */
async function writeTree(folder: string): Promise<void> {
  const files = new Map([['src/core/ring.ts', `export type { b as B } from './circle.js';\n`]]);
  for (const name of ['onnxruntime-node', '@duckdb/node-api', 'doorless', 'zod']) {
    files.set(`node_modules/${name}/package.json`, `{ "name": "${name}", "main": "index.js" }\n`);
    files.set(`node_modules/${name}/index.js`, '');
  }
  for (const [, from, to] of [...allowed, ...broken]) {
    files.set(join('src', from), `import type { B } from '${to}';\nexport const b: B = 1;\n`);
    const target = join('src', dirname(from), to).replace(/\.js$/, '.ts');
    const exists = !to.startsWith('.') || files.has(target) || to === './nowhere.js';
    if (!exists) files.set(target, 'export type B = 1;\n');
  }
  for (const [path, text] of files) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

describe('layers', () => {
  let folder = '';
  let result = { code: 0, said: '' };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'layers-'));
    await writeTree(folder);
    result = await check(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('hold in the sources', async () => {
    expect(await check()).toEqual({ code: 0, said: expect.stringContaining(' 0 broken imports') });
  });

  it('fail on a broken tree', () => expect(result.code).toBe(1));

  it.each(broken)('refuse an import %s', (_, from, __, rule) => {
    const lines = result.said.split('\n').filter((line) => line.startsWith(`src/${from} -> `));
    expect(lines.map((line) => line.split(': ')[1])).toContain(rule);
  });

  it.each(allowed)('allow an import %s', (_, from) => {
    expect(result.said).not.toContain(`src/${from} -> `);
  });
});
