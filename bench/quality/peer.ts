/** Runs scikit-learn's LinearSVC on the very rows of a task, where Python has it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../../src/mixture/plan.js';
import type { LabelledRows } from '../../src/train/rows.js';

export interface Peer {
  readonly accuracy: number;
  readonly C: number;
}

function lines({ rows, values, target }: LabelledRows): string {
  const columns = Object.entries(values);
  return Array.from({ length: rows }, (_, row) =>
    JSON.stringify({
      ...Object.fromEntries(
        columns.map(([name, column]) => [
          name,
          Number.isNaN(column[row]) ? null : (column[row] ?? null),
        ]),
      ),
      target: target[row],
    }),
  ).join('\n');
}

/** Undefined, with a word on the console, where there is no Python with scikit-learn. */
export function linearSvc(plan: Plan, fit: LabelledRows, test: LabelledRows): Peer | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'monban-peer-'));
  try {
    const files = { fit: join(folder, 'fit.jsonl'), test: join(folder, 'test.jsonl') };
    writeFileSync(files.fit, lines(fit));
    writeFileSync(files.test, lines(test));
    const kinds = Object.fromEntries(plan.fields.map(({ name, kind }) => [name, kind]));
    const python = process.env.PYTHON ?? 'python3';
    const script = join('bench', 'quality', 'linear_svc.py');
    const found = spawnSync(python, [script, JSON.stringify({ ...files, kinds })], {
      encoding: 'utf8',
    });
    if (found.status === 0) return JSON.parse(found.stdout) as Peer;
    console.log(
      `LinearSVC was not run: ${python} needs scikit-learn (${found.stderr?.trim().split('\n').at(-1)})`,
    );
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
