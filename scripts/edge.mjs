/** `npm run edge -- MODEL [--examples RECORDS.jsonl] [--out FOLDER]`: builds a page that answers in the browser. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, fail, root } from './bootstrap.mjs';

const usage = 'usage: npm run edge -- MODEL [--examples RECORDS.jsonl] [--out FOLDER]';

function readArguments() {
  const options = { examples: { type: 'string' }, out: { type: 'string', default: 'runs/edge' } };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (positionals.length !== 1) fail(usage, 2);
    return { model: resolve(positionals[0]), ...values, out: resolve(values.out) };
  } catch (error) {
    return fail(`${error.message}\n${usage}`, 2);
  }
}

/** Records, one to a line, that the page offers to fill in. */
function readExamples(path) {
  if (path === undefined) return [];
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
  } catch (error) {
    return fail(`${path}: expected one JSON record per line, got ${error.message}`, 2);
  }
}

/** Only a folder that is new, empty or built by this command is written to. */
function checkOut(out) {
  if (!existsSync(out)) return;
  const names = readdirSync(out);
  if (names.length > 0 && !names.includes('examples.json'))
    fail(`${out}: expected a new or empty folder, or an older page; choose another with --out`, 2);
}

/** Nothing of Node may be reached from the page. */
const nothingOfNode = {
  name: 'nothing-of-node',
  enforce: 'pre',
  resolveId(id, importer) {
    const own = importer !== undefined && !importer.includes('node_modules');
    if (own && isBuiltin(id)) throw new Error(`${importer} imports ${id}, which browsers lack`);
  },
};

bootstrap();
const { model, examples, out } = readArguments();
if (!existsSync(join(model, 'bundle.json')))
  fail(
    `${model}: expected the folder of a bundle; train one with "monban train SPEC --out DIR"`,
    2,
  );
const records = readExamples(examples);
checkOut(out);
const { build } = await import('vite');
await build({
  configFile: false,
  root: join(root, 'examples', 'edge'),
  base: './',
  logLevel: 'warn',
  plugins: [nothingOfNode],
  build: { outDir: out, emptyOutDir: true, chunkSizeWarningLimit: 2000, target: 'es2022' },
});
cpSync(model, join(out, 'model'), { recursive: true });
writeFileSync(join(out, 'examples.json'), JSON.stringify(records));
console.log(`${out}: serve this folder with any web server, such as`);
console.log(`  npx --no -- vite preview --outDir ${out}`);
