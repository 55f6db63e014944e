/** Pages made from what the code says of itself: the spec, the kinds, the commands. */
import type { Command } from 'commander';
import { z } from 'zod';
import { program } from '../src/cli/program.js';
import { allKinds } from '../src/cli/verb/kinds.js';
import { specSchema } from '../src/mixture/spec.js';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

const escapePipes = (text: string): string => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]): string => `| ${cells.map(escapePipes).join(' | ')} |`;
const made = (from: string): string =>
  `Made from the code by \`npm run reference -- --write\` (${from}); a test compares them.`;

/** A bound that zod adds to every integer says nothing. */
const bound = (value: number | undefined): value is number =>
  value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;

function range({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const low = bound(minimum)
    ? `${minimum}`
    : bound(exclusiveMinimum)
      ? `above ${exclusiveMinimum}`
      : '';
  if (bound(maximum)) return ` ${low} to ${maximum}`;
  if (low === '') return '';
  return bound(minimum) ? ` from ${low}` : ` ${low}`;
}

function typeOf(schema: Schema): string {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === 'object') return 'map';
  return `${schema.type ?? 'anything'}${range(schema)}`;
}

function defaultOf({ default: value, properties }: Schema): string {
  if (value === undefined || properties !== undefined) return '';
  return `\`${JSON.stringify(value)}\``;
}

/** Rows of a schema and of everything inside it, depth first. */
function rowsOf(path: string, schema: Schema): string[] {
  const variants = schema.oneOf?.filter(({ properties }) => properties !== undefined) ?? [];
  const own =
    path === ''
      ? []
      : [
          row([
            `\`${path}\``,
            variants.length > 0 ? 'map' : typeOf(schema),
            defaultOf(schema),
            schema.description ?? '',
          ]),
        ];
  const inside = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    rowsOf(path === '' ? name : `${path}.${name}`, inner),
  );
  const each = schema.additionalProperties;
  const named =
    typeof each === 'object' && each.properties !== undefined
      ? Object.entries(each.properties).flatMap(([name, inner]) =>
          rowsOf(`${path}.NAME.${name}`, inner),
        )
      : [];
  const varied = variants.flatMap((variant) => {
    const { by, ...others } = variant.properties ?? {};
    return Object.entries(others).flatMap(([name, inner]) =>
      rowsOf(`${path}.${name}`, {
        ...inner,
        description: `by ${String(by?.const)}: ${inner.description ?? ''}`,
      }),
    );
  });
  return [...own, ...inside, ...named, ...varied];
}

function specPage(): string {
  const schema = z.toJSONSchema(specSchema, { io: 'output', unrepresentable: 'any' }) as Schema;
  return [
    '# The spec',
    '',
    made('src/mixture/spec.ts'),
    '',
    'One strict YAML file: an unknown key, a wrong type or a value out of range is refused, all faults at once, with their lines. Wherever a map has a `kind`, the name alone will do: `words: text` is `words: { kind: text }`. The options of each kind are in [kinds.md](kinds.md). Paths start from the folder of the spec.',
    '',
    row(['key', 'type', 'default', 'meaning']),
    '|---|---|---|---|',
    ...rowsOf('', schema),
    '',
  ].join('\n');
}

function kindsPage(): string {
  const all = allKinds();
  const parts = [...new Set(all.map(({ what }) => what))].flatMap((what) => [
    `## Kinds of ${what}`,
    '',
    row(['kind', 'option', 'default', 'meaning']),
    '|---|---|---|---|',
    ...all
      .filter((entry) => entry.what === what)
      .flatMap(({ kind, summary, options }) => [
        row([`**\`${kind}\`**`, '', '', summary]),
        ...options.map(({ name, default: value, description }) =>
          row([
            '',
            `\`${name}\``,
            value === undefined ? '' : `\`${JSON.stringify(value)}\``,
            description,
          ]),
        ),
      ]),
    '',
  ]);
  return ['# Kinds', '', made('the registries'), '', ...parts].join('\n');
}

function commandPart(command: Command): string[] {
  const help = command
    .configureOutput({ getOutHelpWidth: () => 100 })
    .helpInformation()
    .trim()
    .split('\n')
    .map((line) => line.trimEnd());
  return [`## monban ${command.name()}`, '', '```text', ...help, '```', ''];
}

function commandsPage(): string {
  return [
    '# Commands',
    '',
    made('src/cli/program.ts'),
    '',
    'Exit codes: 0 well; 1 a fault of Monban or of the machine; 2 a mistake in what was given; 3 an alarm (`evaluate --against`, when routes churn); 130 interrupted. With `--json` standard output holds exactly one JSON object; messages and progress go to standard error.',
    '',
    ...program().commands.flatMap(commandPart),
  ].join('\n');
}

/** The pages of docs/reference by file name. */
export function pages(): Record<string, string> {
  const whole = { 'spec.md': specPage(), 'kinds.md': kindsPage(), 'commands.md': commandsPage() };
  return Object.fromEntries(
    Object.entries(whole).map(([name, text]) => [name, `${text.trimEnd()}\n`]),
  );
}
