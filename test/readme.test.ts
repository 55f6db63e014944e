/** The code of the readmes and the docs runs as printed. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Block, blocksOf, pages, parseBlocks } from './blocks.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const limit = 300_000;

const parsers: Record<string, (text: string) => void> = {
  json: JSON.parse,
  yaml: (text) => {
    for (const document of parseAllDocuments(text))
      for (const fault of document.errors) throw fault;
  },
};

const runners: Record<string, (text: string) => void> = {
  bash: runShell,
  sh: runShell,
  ts: runTypeScript,
};

/** Calls `body` with a new folder that looks like a user's: data, examples, monban installed. */
function inFolder(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    const link = (from: string, to: string) => symlinkSync(join(root, from), join(folder, to));
    for (const name of ['datasets', 'examples']) if (existsSync(join(root, name))) link(name, name);
    link('', 'node_modules/monban');
    mkdirSync(join(folder, 'node_modules/.bin'));
    link('bin/monban.mjs', 'node_modules/.bin/monban');
    link('node_modules/@types', 'node_modules/@types');
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program; throws Error with what it said when it fails. */
function run(folder: string, program: string, args: string[]): void {
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, CI: 'true' };
  const done = spawnSync(program, args, { cwd: folder, env, encoding: 'utf8', timeout: limit });
  if (done.status === 0) return;
  throw new Error(`exit code ${done.status ?? done.signal}\n${done.stdout}${done.stderr}`);
}

function runShell(text: string): void {
  inFolder((folder) => run(folder, 'bash', ['-euo', 'pipefail', '-c', text]));
}

function runTypeScript(text: string): void {
  inFolder((folder) => {
    writeFileSync(join(folder, 'block.ts'), text);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const options = '--strict --target es2023 --module nodenext --types node --skipLibCheck';
    run(folder, process.execPath, [tsc, ...options.split(' '), 'block.ts']);
    run(folder, process.execPath, ['--enable-source-maps', 'block.js']);
  });
}

function checkBlock(block: Block): void {
  if (!block.tested) {
    parsers[block.language]?.(block.text);
    return;
  }
  const runner = runners[block.language];
  if (runner === undefined) throw new Error(`a block of "${block.language}" cannot be run`);
  runner(block.text);
}

describe.each(pages(root))('%s', (page) => {
  const blocks = blocksOf(root, page);
  it('has blocks that can be read', () => expect(blocks).toBeInstanceOf(Array));
  const checked = blocks.filter(({ tested, language }) => tested || language in parsers);
  it.each(checked)('line $line: $language', (block) => checkBlock(block), limit);
});

describe('the check of blocks', () => {
  const first = (markdown: string): Block => parseBlocks('page', markdown)[0]!;

  it('knows which block is marked', () => {
    const text = '<!-- test -->\n\n```bash\ntrue\n```\n\n```yaml\na: 1\n```\n';
    const blocks = parseBlocks('page', text).map((b) => [b.line, b.language, b.text, b.tested]);
    expect(blocks).toEqual([
      [3, 'bash', 'true\n', true],
      [7, 'yaml', 'a: 1\n', false],
    ]);
  });

  it('refuses a fence that is not closed', () => {
    expect(() => first('```bash\ntrue\n')).toThrow('page:1: the fence is not closed');
  });

  it.each([
    ['a failing command', '<!-- test -->\n```bash\nls | grep nothing\ntrue\n```', 'exit code 1'],
    ['a type error', '<!-- test -->\n```ts\nconst a: number = "";\n```', 'TS2322'],
    ['an error at run time', '<!-- test -->\n```ts\nthrow new Error("no");\n```', 'Error: no'],
    ['a language without a runner', '<!-- test -->\n```text\na\n```', 'cannot be run'],
    ['wrong YAML', '```yaml\na: [\n```', 'Flow sequence'],
    ['wrong JSON', '```json\n{a}\n```', 'JSON'],
  ])('sees %s', (_, markdown, said) => {
    expect(() => checkBlock(first(markdown))).toThrow(said);
  });

  it('runs code that is right', () => {
    checkBlock(first('<!-- test -->\n```bash\nls node_modules/monban/package.json\n```'));
    checkBlock(first('<!-- test -->\n```ts\nprocess.stdout.write("well");\n```'));
  });
});
