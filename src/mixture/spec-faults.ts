/** Turns what a schema has against a spec into faults: path, expected, found, what to do. */
import type { z } from 'zod';
import { type Fault, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import type { SchemaView } from './schema-view.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** `['experts', 'words', 'reads', 0]` to `experts.words.reads[0]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], root);
}

function numberTodo(found: unknown): string | undefined {
  if (typeof found !== 'string') return undefined;
  const plain = found.trim();
  if (plain !== '' && Number.isFinite(Number(plain))) return `write ${plain} without quotes`;
  const unit = /^([-+]?[\d.]+)\s*(%|\p{L}+.*)$/u.exec(plain);
  if (unit === null) return undefined;
  if (unit[2] === '%') return `write ${Number(unit[1]) / 100}: shares are numbers from 0 to 1`;
  return `write the bare number ${unit[1]}; "monban kinds" and the reference name the unit`;
}

function unknownKeys(
  issue: Extract<Issue, { code: 'unrecognized_keys' }>,
  known: readonly string[],
): Fault[] {
  return issue.keys.map((key) => {
    const close = nearest(key, known);
    const todo = close === undefined ? 'remove it' : `did you mean "${close}"?`;
    const expected = known.length > 0 ? `one of the keys ${known.join(', ')}` : 'no such key';
    return { where: pathText([...issue.path, key]), expected, found: show(key), todo };
  });
}

function fault(path: Path, expected: string, root: unknown, todo?: string): Fault {
  const found = show(valueAt(root, path));
  return {
    where: pathText(path) || 'the spec',
    expected,
    found,
    ...(todo === undefined ? {} : { todo }),
  };
}

/** The branch of a union that came nearest: the one with the fewest complaints about the type. */
function fromUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  root: unknown,
  view: SchemaView,
): Fault[] {
  const branches = issue.errors.map((issues) =>
    issues.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
  );
  const deep = branches.filter((issues) =>
    issues.some(
      (inner) =>
        inner.path.length > issue.path.length ||
        inner.code === 'unrecognized_keys' ||
        inner.code.startsWith('too_'),
    ),
  );
  if (deep.length === 1) return deep[0]!.flatMap((inner) => toFaults(inner as Issue, root, view));
  const expected = view.wanted(issue.path) ?? issue.message;
  return [fault(issue.path, expected, root, numberTodo(valueAt(root, issue.path)))];
}

/** What an issue wants: by the schema's word where it has one, else by the issue's own. */
function expectation(issue: Issue, view: SchemaView): string {
  if (issue.code === 'invalid_key') return 'a name of letters, digits, _ . - that is not empty';
  if (issue.code === 'invalid_format' || issue.code === 'custom') return issue.message;
  const big = issue.code === 'too_big';
  return view.wanted(issue.path, big ? 'both' : 'least') ?? issue.message;
}

/** The faults behind one issue of a schema, about the value `root`. */
export function toFaults(issue: Issue, root: unknown, view: SchemaView): Fault[] {
  const found = valueAt(root, issue.path);
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue, view.keys(issue.path));
  if (issue.code === 'invalid_union') return fromUnion(issue, root, view);
  const expected = expectation(issue, view);
  if (issue.code === 'invalid_key') {
    const name = show(String(issue.path.at(-1)));
    return [{ where: pathText(issue.path.slice(0, -1)), expected, found: name, todo: 'rename it' }];
  }
  if (issue.code === 'invalid_value') {
    const close = typeof found === 'string' ? nearest(found, issue.values.map(String)) : undefined;
    const todo = close === undefined ? undefined : `did you mean "${close}"?`;
    return [fault(issue.path, expected, root, todo)];
  }
  if (expected === 'a share from 0 to 1' && typeof found === 'number' && found > 1 && found <= 100)
    return [fault(issue.path, expected, root, `write ${found / 100} for ${found} %`)];
  if (issue.code === 'invalid_type' && found === undefined)
    return [fault(issue.path, expected, root, 'this key is required')];
  return [fault(issue.path, expected, root, numberTodo(found))];
}
