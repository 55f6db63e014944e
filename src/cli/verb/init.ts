/** `monban init`: looks at data, guesses the fields, warns, and writes a spec. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { MonbanError } from '../../core/fault.js';
import { writeFileAtomic } from '../../core/file.js';
import { openDataset } from '../../data/dataset.js';
import { inferKinds } from '../../data/infer.js';
import { warnings } from '../../data/warn.js';
import { plan } from '../../mixture/plan.js';
import { propose } from '../../mixture/propose.js';
import { toYaml } from '../../mixture/spec-file.js';
import { objectives } from '../../objective/objectives.js';
import { print, printJson, textTable } from '../output.js';

/** A path as a spec in `out` writes it. */
function sourceFrom(out: string, source: string): string {
  if (isAbsolute(source)) return source;
  return relative(dirname(resolve(out)), resolve(source)) || source;
}

export async function run([source]: string[], options: Record<string, unknown>): Promise<number> {
  const out = String(options.out);
  const target = String(options.target);
  if (existsSync(out) && options.force !== true) {
    throw new MonbanError({
      where: out,
      expected: 'a new file',
      found: 'an existing one',
      todo: 'add --force to replace it, or name another with --out',
    });
  }
  const data = await openDataset(source!);
  try {
    const inference = await inferKinds(data, { target });
    const objective = inference.target!.objective;
    const { fields, experts, gate, left } = propose(inference.fields, objective);
    if (Object.keys(fields).length === 0) {
      throw new MonbanError({
        where: source!,
        expected: 'a column to learn from',
        found:
          left.map(({ column, reason }) => `${column}: ${reason}`).join('; ') || 'only the target',
      });
    }
    const spec = {
      data: { source: sourceFrom(out, source!), target },
      fields,
      objective,
      experts,
      ...(gate === undefined ? {} : { gate }),
    };
    plan(spec);
    const warned = await warnings(data, inference, { target });
    writeFileAtomic(out, toYaml(spec));
    if (options.json === true)
      printJson({
        spec: out,
        rows: inference.rows,
        target: { column: target, objective },
        fields: inference.fields,
        left,
        warnings: warned,
      });
    else {
      print(
        textTable(
          ['column', 'kind', 'why'],
          inference.fields.map(({ column, kind, reason }) => [column, kind, reason]),
        ),
      );
      print(`\nObjective: ${objective} (${objectives.get(objective).summary}).`);
      if (left.length > 0)
        print(`\nLeft out: ${left.map(({ column, kind }) => `${column} (${kind})`).join(', ')}`);
      for (const { code, message } of warned) print(`\nWarning (${code}): ${message}`);
      print(`\n${out} written. Next: monban train ${out} --out model`);
    }
    return 0;
  } finally {
    await data.close();
  }
}
