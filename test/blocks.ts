/** Finds the fenced code blocks of the Markdown pages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One fenced block: its page, the line of its opening fence, and whether `<!-- test -->` precedes it. */
export interface Block {
  page: string;
  line: number;
  language: string;
  text: string;
  tested: boolean;
}

/** The pages whose blocks are tested: the two readmes, where present, and everything under docs. */
export function pages(root: string): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path));
  return ['README.md', 'README.ja.md', ...docs].filter((path) => existsSync(join(root, path)));
}

/** The blocks of a page, in order; throws Error when a fence is not closed. */
export function blocksOf(root: string, page: string): Block[] {
  return parseBlocks(page, readFileSync(join(root, page), 'utf8'));
}

/** The blocks of a Markdown text, in order; throws Error when a fence is not closed. */
export function parseBlocks(page: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; indent: number; block: Block } | undefined;
  let before = '';
  for (const [index, line] of markdown.split('\n').entries()) {
    if (open !== undefined) {
      if (line.trim() === open.fence) {
        blocks.push(open.block);
        open = undefined;
      } else open.block.text += `${line.slice(open.indent)}\n`;
      continue;
    }
    const start = /^( *)(`{3,}|~{3,})(\w*)/.exec(line);
    if (start !== null) {
      const [, indent = '', fence = '', language = ''] = start;
      const tested = before === '<!-- test -->';
      const block = { page, line: index + 1, language, text: '', tested };
      open = { fence, indent: indent.length, block };
    }
    if (line.trim() !== '') before = line.trim();
  }
  if (open !== undefined) throw new Error(`${page}:${open.block.line}: the fence is not closed`);
  return blocks;
}
