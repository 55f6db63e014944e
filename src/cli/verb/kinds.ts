/** `monban kinds`: everything that a spec can name, with options. */
import { z } from 'zod';
import { MonbanError, show } from '../../core/fault.js';
import { nearest } from '../../core/nearest.js';
import { encoders } from '../../encoder/encoders.js';
import { experts } from '../../expert/experts.js';
import { gates } from '../../gate/gates.js';
import { objectives } from '../../objective/objectives.js';
import { print, printJson } from '../output.js';

interface Option {
  readonly name: string;
  readonly description: string;
  readonly default: unknown;
}

export interface KindEntry {
  readonly what: string;
  readonly kind: string;
  readonly summary: string;
  readonly options: readonly Option[];
}

function optionsOf(config: z.ZodType): Option[] {
  const json = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' });
  return Object.entries(json.properties ?? {}).map(([name, property]) => {
    const { description, default: value } = property as { description?: string; default?: unknown };
    return { name, description: description ?? '', default: value };
  });
}

const balances: readonly KindEntry[] = [
  { what: 'balance', kind: 'none', summary: 'the gate is left alone', options: [] },
  {
    what: 'balance',
    kind: 'auxiliary',
    summary: 'a weak loss that draws the load to the targets, then settling',
    options: [{ name: 'weight', description: 'weight of the loss', default: 0.01 }],
  },
  {
    what: 'balance',
    kind: 'bias',
    summary: 'a bias per expert on the selection, then settling',
    options: [{ name: 'rate', description: 'step per batch', default: 0.001 }],
  },
];

/** Every kind of every registry, with the options that its schema describes. */
export function allKinds(): KindEntry[] {
  const registries = [
    ['field', encoders],
    ['expert', experts],
    ['gate', gates],
    ['objective', objectives],
  ] as const;
  const entries = registries.flatMap(([what, registry]) =>
    registry.all().map(({ kind, summary, config }) => ({
      what,
      kind,
      summary,
      options: optionsOf(config as z.ZodType),
    })),
  );
  return [...entries, ...balances];
}

export async function run(
  [name]: (string | undefined)[],
  options: Record<string, unknown>,
): Promise<number> {
  const all = allKinds();
  const found = name === undefined ? all : all.filter(({ kind }) => kind === name);
  if (found.length === 0) {
    const close = nearest(
      name!,
      all.map(({ kind }) => kind),
    );
    const todo = close === undefined ? 'run "monban kinds" to see all' : `did you mean "${close}"?`;
    throw new MonbanError({
      where: 'kinds',
      expected: 'the name of a kind',
      found: show(name),
      todo,
    });
  }
  if (options.json === true) printJson({ kinds: found });
  else {
    for (const { what, kind, summary, options: list } of found) {
      print(`${what.padEnd(10)} ${kind.padEnd(12)} ${summary}`);
      for (const option of list)
        print(
          `${' '.repeat(24)}${option.name} = ${JSON.stringify(option.default)}  ${option.description}`,
        );
    }
  }
  return 0;
}
