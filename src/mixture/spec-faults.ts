/** Turns what a schema has against a spec into faults: path, expected, found, what to do. */
import type { z } from 'zod';
import { type Fault, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';

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

const typeNames: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a table of names and values',
  record: 'a table of names and values',
};

function bounds(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const exclusive = issue.inclusive === false;
  if (issue.origin === 'string') return 'a text that is not empty';
  if (issue.origin === 'array')
    return `a list of at ${issue.code === 'too_small' ? 'least' : 'most'} ${bound}`;
  const side =
    issue.code === 'too_small'
      ? exclusive
        ? 'above'
        : 'at least'
      : exclusive
        ? 'below'
        : 'at most';
  return `a number ${side} ${bound}`;
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
  known: KnownKeys,
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
  if (deep.length === 1) return deep[0]!.flatMap((inner) => toFaults(inner as Issue, root, known));
  const wanted = branches.flatMap((issues) => issues.map((inner) => expectation(inner as Issue)));
  const expected = wanted.length === 0 ? String(issue.message) : [...new Set(wanted)].join(', or ');
  return [fault(issue.path, expected, root, numberTodo(valueAt(root, issue.path)))];
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return typeNames[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return issue.values.map((value) => show(value)).join(' or ');
  if (issue.code === 'too_small' || issue.code === 'too_big') return bounds(issue);
  return issue.message;
}

/** The keys that are valid at a path. */
export type KnownKeys = (path: Path) => readonly string[];

/** The faults behind one issue of a schema, about the value `root`. */
export function toFaults(issue: Issue, root: unknown, known: KnownKeys): Fault[] {
  const found = valueAt(root, issue.path);
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue, known(issue.path));
  if (issue.code === 'invalid_union') return fromUnion(issue, root, known);
  if (issue.code === 'invalid_value') {
    const close = typeof found === 'string' ? nearest(found, issue.values.map(String)) : undefined;
    const todo = close === undefined ? undefined : `did you mean "${close}"?`;
    return [fault(issue.path, expectation(issue), root, todo)];
  }
  if (
    issue.code === 'too_big' &&
    issue.maximum === 1 &&
    typeof found === 'number' &&
    found <= 100
  ) {
    return [fault(issue.path, 'a share from 0 to 1', root, `write ${found / 100} for ${found} %`)];
  }
  if (issue.code === 'invalid_type' && found === undefined) {
    return [fault(issue.path, expectation(issue), root, 'this key is required')];
  }
  return [fault(issue.path, expectation(issue), root, numberTodo(found))];
}
