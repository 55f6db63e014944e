/** Trains on few and on many rows of the same made data, and writes docs/scale.md: memory and speed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/core/file.js';
import type { Measured } from './scale/child.js';
import { writeRows } from './scale/data.js';

const asked = { megabytes: 1536, share: 0.8 };
const child = fileURLToPath(new URL('./scale/child.js', import.meta.url));

function trainOn(path: string, passes: number, rows: number): Measured {
  const args = [child, path, String(passes), String(rows)];
  const done = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`the training on ${rows} rows failed`);
  return JSON.parse(done.stdout) as Measured;
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en');

function line(one: Measured): string {
  const { rows, trained, seconds, cpuSeconds, ready, steps, megabytes, accuracy } = one;
  const cells = [
    ...[thousands(rows), thousands(trained), seconds.toFixed(0), ready.toFixed(0)],
    ...[thousands(steps.linear!), thousands(steps.tabular!), thousands(trained / seconds)],
    thousands(trained / cpuSeconds),
    ...[thousands(megabytes), accuracy.toFixed(3)],
  ];
  return `| ${cells.join(' | ')} |`;
}

function page(few: Measured, many: Measured): string {
  const ratio = (of: (one: Measured) => number): string => (of(many) / of(few)).toFixed(2);
  const cores = cpus();
  return `# Data larger than memory

Written by \`npm run scale\`. Made data of 16 numbers, 4 categories and a target of two classes, from
Parquet; two experts side by side on two threads, batches of 512, and a gate. The same spec trains on
both files but for its epochs, which are set so that both make the same number of passes; of many
rows a pass is a part of an epoch (about 200,000 rows).

Machine: ${cores.length} cores of ${cores[0]!.model.trim()}. Node ${process.versions.node}.

| rows | rows trained on | seconds | first pass after | linear, rows/s | tabular, rows/s | whole run, rows/s | rows per second on the cores | most memory, MB | accuracy |
|---|---|---|---|---|---|---|---|---|---|
${[few, many].map(line).join('\n')}
| many to few | | | | ${ratio(({ steps }) => steps.linear!)} | ${ratio(({ steps }) => steps.tabular!)} | ${ratio(({ trained, seconds }) => trained / seconds)} | ${ratio(({ trained, cpuSeconds }) => trained / cpuSeconds)} | ${ratio(({ megabytes }) => megabytes)} | |

Rows/s of an expert are those of its training steps alone; those of the whole run count reading,
encoding, looks at held-out rows and the gate too; "on the cores" divides by the processor time of
all threads, which other load on the machine disturbs less. Asked: memory (resident, of the whole process, at
its highest) below ${asked.megabytes} MB, and at least ${asked.share} of the rows a second.
`;
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      few: { type: 'string', default: '100000' },
      many: { type: 'string', default: '3000000' },
      passes: { type: 'string', default: '15' },
      out: { type: 'string', default: join('docs', 'scale.md') },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'monban-scale-'));
  try {
    const results: Measured[] = [];
    for (const rows of [Number(values.few), Number(values.many)]) {
      const path = join(folder, `${rows}.parquet`);
      await writeRows(path, rows);
      results.push(trainOn(path, Number(values.passes), rows));
    }
    const text = page(results[0]!, results[1]!);
    writeFileAtomic(values.out, text);
    process.stdout.write(`${text}\nwritten to ${values.out}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await run();
