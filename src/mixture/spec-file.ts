/** Reads and writes `monban.yaml`; faults carry the line of the file. */
import { readFileSync } from 'node:fs';
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument, stringify } from 'yaml';
import { type Fault, MonbanError } from '../core/fault.js';
import { type Plan, plan } from './plan.js';

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const found =
      code === 'EISDIR' ? 'a folder' : code === 'ENOENT' ? 'no such file' : String(code);
    const todo = 'name a spec, or write one with "monban init DATA --target COLUMN"';
    throw new MonbanError({ where: path, expected: 'a spec in YAML', found, todo });
  }
}

/** `experts.words.reads[0]` to `['experts', 'words', 'reads', 0]`. */
function pathOf(where: string): (string | number)[] {
  return where
    .split(/\.|\[(\d+)\]/u)
    .filter((part) => part !== undefined && part !== '')
    .map((part) => (/^\d+$/u.test(part) ? Number(part) : part));
}

/** The node (a key where there is one) at the longest part of the path that exists. */
function nodeAt(root: Node | null, path: readonly (string | number)[]): Node | undefined {
  let node: unknown = root;
  let found: Node | undefined;
  for (let i = 0; i < path.length; i++) {
    if (isMap(node)) {
      // A name may itself contain dots: take the longest key that fits.
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(path[i]),
      );
      if (pair === undefined) break;
      found = pair.key as Node;
      node = pair.value;
    } else {
      const next = (node as { items?: unknown[] } | null)?.items?.[Number(path[i])];
      if (next === undefined) break;
      found = next as Node;
      node = next;
    }
  }
  return found;
}

/** Parses the text of a spec; `path` names the file in errors. Throws MonbanError with lines. */
export function parseSpec(text: string, path: string): Plan {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new MonbanError(
      document.errors.map((error) => ({
        where: path,
        line: lines.linePos(error.pos[0]).line,
        expected: 'valid YAML',
        found: error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/u, ''),
      })),
    );
  }
  try {
    return plan(document.toJS() ?? {});
  } catch (error) {
    if (!(error instanceof MonbanError)) throw error;
    const faults = error.faults.map((fault): Fault => {
      const at = nodeAt(document.contents, pathOf(fault.where))?.range?.[0];
      return at === undefined ? fault : { ...fault, line: lines.linePos(at).line };
    });
    throw new MonbanError(faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)));
  }
}

/** Reads a spec file. */
export function readSpec(path: string): Plan {
  return parseSpec(readText(path), path);
}

/** Plain data as YAML, in the order of its keys. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 100 });
}
