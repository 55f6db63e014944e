/** The rows to score a bundle on: those of a file, or the test rows of the spec that trained it. */
import { basename, dirname, resolve } from 'node:path';
import { MonbanError } from '../core/fault.js';
import { type Dataset, openDataset } from '../data/dataset.js';
import { type Labelled, readLabelled } from '../evaluate/evaluate.js';
import type { Bundle } from '../mixture/bundle.js';
import { plan } from '../mixture/plan.js';
import type { Predictor } from '../predict/predictor.js';
import { readRows } from '../train/rows.js';

/** Opened data from which any model reads its own fields of the same rows. */
export interface Rows {
  /** What the rows are, in a few words. */
  readonly title: string;
  /** Why their scores may flatter. */
  readonly warning?: string;
  read(predictor: Predictor): Promise<Labelled>;
  close(): Promise<void>;
}

/** What to say of a file that the spec of the bundle names too: where the spec lay is not known. */
function flattered({ manifest }: Bundle, file: string): Pick<Rows, 'warning'> {
  const { source, split } = manifest.spec.data;
  if (typeof source !== 'string' && !Array.isArray(source)) return {};
  if (![source].flat().some((path) => basename(path) === basename(file))) return {};
  const todo =
    split === undefined
      ? 'score rows that it has not seen'
      : 'leave the data out to score only its test rows';
  return {
    warning: `data: the model was trained on a file of this name, ${basename(file)}; ${todo}`,
  };
}

async function rowsOfFile(bundle: Bundle, source: string): Promise<Rows> {
  const data = await openDataset(source);
  return {
    title: `rows of ${source}`,
    ...flattered(bundle, source),
    read: (predictor) => readLabelled(predictor, data),
    close: () => data.close(),
  };
}

function sourceText(source: Bundle['manifest']['spec']['data']['source'], base: string): string {
  if (typeof source !== 'string' && !Array.isArray(source))
    return `the query of the spec, in ${base}`;
  return [source]
    .flat()
    .map((path) => resolve(base, path))
    .join(', ');
}

/** Opens the source of a spec from the first folder where it can be; the first error tells. */
async function openFrom(
  source: Bundle['manifest']['spec']['data']['source'],
  bases: readonly string[],
): Promise<{ data: Dataset; base: string }> {
  let first: unknown;
  for (const base of bases) {
    try {
      return { data: await openDataset(source, { base }), base };
    } catch (error) {
      first ??= error;
    }
  }
  if (!(first instanceof MonbanError)) throw first;
  const todo = `tried in ${bases.join(', ')}: name the folder of the spec with --base DIR, or name data to evaluate on`;
  throw new MonbanError(first.faults.map((fault) => ({ ...fault, todo })));
}

/** The model's fields of another model's test rows. */
async function readTest(predictor: Predictor, bundle: Bundle, data: Dataset): Promise<Labelled> {
  const { spec } = predictor.bundle.manifest;
  const { group: _, ...training } = spec.training;
  const use = plan({ ...spec, training, data: bundle.manifest.spec.data });
  const { target, unlabelled, ...batch } = await readRows(use, data, 1);
  return { batch, target, unlabelled, absent: [] };
}

async function rowsOfSpec(bundle: Bundle, folder: string, base: unknown): Promise<Rows> {
  const { source, split } = bundle.manifest.spec.data;
  if (split === undefined)
    throw new MonbanError({
      where: `${folder}: data.split`,
      expected: 'a spec that keeps test rows',
      found: 'no split: all rows trained',
      todo: 'name data that training did not see: monban evaluate MODEL DATA',
    });
  const own = resolve(folder);
  const bases = base === undefined ? [process.cwd(), own, dirname(own)] : [resolve(String(base))];
  const opened = await openFrom(source, [...new Set(bases)]);
  return {
    title: `test rows (split by ${split.by}) of ${sourceText(source, opened.base)}, which training did not see`,
    read: (predictor) => readTest(predictor, bundle, opened.data),
    close: () => opened.data.close(),
  };
}

/** Opens the rows of `source`, or the test rows of the spec of the bundle in `folder`. */
export function openRows(
  bundle: Bundle,
  folder: string,
  source: string | undefined,
  base: unknown,
): Promise<Rows> {
  if (source === undefined) return rowsOfSpec(bundle, folder, base);
  if (base === undefined) return rowsOfFile(bundle, source);
  const todo = 'leave one of them out';
  const expected = 'the folder of the spec, where no data is named';
  throw new MonbanError({ where: '--base', expected, found: `also ${source}`, todo });
}
