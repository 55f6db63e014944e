/** Monban as a library: look at data, train a mixture, score it, save it, ask it. */
import { MonbanError } from './core/fault.js';
import { type Dataset, openDataset } from './data/dataset.js';
import { inferKinds } from './data/infer.js';
import type { Source } from './data/source.js';
import { type Evaluation, evaluateRows } from './evaluate/evaluate.js';
import { type Bundle, openBundle } from './mixture/bundle.js';
import { type Plan, plan } from './mixture/plan.js';
import { propose, proposeExperts, proposeGate } from './mixture/propose.js';
import { saveBundle } from './mixture/save.js';
import type { SpecInput } from './mixture/spec.js';
import { objectives } from './objective/objectives.js';
import { type Explained, explain } from './predict/explain.js';
import { openPredictor, type Predictor } from './predict/predictor.js';
import { discardCheckpoint } from './train/checkpoint.js';
import { readRows } from './train/rows.js';
import { type TrainOptions, train as trainRows } from './train/train.js';
import { openRows } from './train/training-rows.js';

type SpecData = SpecInput['data'];
type Fields = SpecInput['fields'];

export interface DataOptions {
  /** The column to predict. */
  readonly target: string;
  /** Fields and their kinds; guessed from the data when they are not given. */
  readonly fields?: Fields;
}

/** Rows to train on or to score: a source, and which part of it. */
export interface Data {
  readonly source: Source;
  readonly target: string;
  readonly fields: Fields;
  /** The objective that the target's values suggest, where the fields were guessed too. */
  readonly objective?: string;
  readonly cut?: SpecData['split'];
  /** 0 for the rows before the cut or outside the test share, 1 for the others. */
  readonly part: 0 | 1;
  /** Cuts into two parts whose shares add up to one: by time, by group, or at random by row. */
  split(
    shares: readonly [number, number],
    by: { readonly time: string } | { readonly group: string; readonly seed?: number },
  ): [Data, Data];
}

function dataOf(parts: Omit<Data, 'split'>): Data {
  return {
    ...parts,
    split([first, second], by) {
      if (Math.abs(first + second - 1) > 1e-9) {
        const found = `${first} and ${second}`;
        throw new MonbanError({ where: 'split', expected: 'two shares that add up to 1', found });
      }
      const cut: SpecData['split'] =
        'time' in by
          ? { by: 'time', column: by.time, share: second }
          : { by: 'group', column: by.group, share: second, seed: by.seed ?? 0 };
      return [dataOf({ ...parts, cut, part: 0 }), dataOf({ ...parts, cut, part: 1 })];
    },
  };
}

/** Describes data; kinds that are not given are guessed. Throws MonbanError when it cannot be read. */
export async function dataset(source: Source, { target, fields }: DataOptions): Promise<Data> {
  const data = await openDataset(source);
  try {
    if (fields !== undefined) return dataOf({ source, target, fields, part: 0 });
    const seen = await inferKinds(data, { target });
    const objective = seen.target!.objective;
    const guessed = propose(seen.fields, objective).fields as Fields;
    return dataOf({ source, target, fields: guessed, objective, part: 0 });
  } finally {
    await data.close();
  }
}

/** Everything else a spec may say; experts are proposed when they are not given. */
export type TrainSpec = Partial<Omit<SpecInput, 'data' | 'fields'>> &
  Omit<TrainOptions, 'checkpoint'> & {
    /**
     * A folder in which what is done is kept, so that the same call after a crash goes on from there
     * and gives the same bundle; emptied when the training ends.
     */
    readonly checkpoint?: string;
  };

function planOf(data: Data, spec: Partial<Omit<SpecInput, 'data' | 'fields'>>): Plan {
  const kinds = Object.values(data.fields).map((field) =>
    typeof field === 'string' ? field : (field as { kind: string }).kind,
  );
  const split = data.cut === undefined ? {} : { split: data.cut };
  const objective = spec.objective ?? data.objective ?? 'classification';
  const kind =
    typeof objective === 'string' ? objective : String((objective as { kind?: unknown }).kind);
  const known = objectives.has(kind) ? kind : undefined;
  const experts = proposeExperts(new Set(kinds), known, kinds.length);
  return plan({
    ...(spec.experts === undefined ? { experts, ...proposeGate(experts) } : {}),
    ...spec,
    objective,
    data: { source: data.source, target: data.target, ...split },
    fields: data.fields,
  });
}

/** Opens the source of `data` for as long as `use` takes. */
async function opened<T>(data: Data, use: (from: Dataset) => Promise<T>): Promise<T> {
  const from = await openDataset(data.source);
  try {
    return await use(from);
  } finally {
    await from.close();
  }
}

/** Trains a mixture on the rows of `data`. */
export async function train(data: Data, options: TrainSpec = {}): Promise<Bundle> {
  const { onEvent, signal, clock, base, checkpoint, ...spec } = options;
  const use = planOf(data, spec);
  const bundle = await opened(data, async (from) =>
    trainRows(use, await openRows(use, from, data.part), {
      ...(onEvent === undefined ? {} : { onEvent }),
      ...(signal === undefined ? {} : { signal }),
      ...(clock === undefined ? {} : { clock }),
      ...(base === undefined ? {} : { base }),
      ...(checkpoint === undefined ? {} : { checkpoint: { folder: checkpoint } }),
    }),
  );
  if (checkpoint !== undefined) discardCheckpoint(checkpoint);
  return bundle;
}

/** Scores a bundle on the rows of `data`. */
export async function evaluate(bundle: Bundle, data: Data): Promise<Evaluation> {
  const predictor = await openPredictor(bundle);
  try {
    const rows = await opened(data, (from) => readRows(planOf(data, {}), from, data.part));
    return await evaluateRows(predictor, rows, rows.target, rows.unlabelled);
  } finally {
    await predictor.close();
  }
}

/** Writes a bundle to a folder. */
export async function save(bundle: Bundle, folder: string): Promise<void> {
  saveBundle(bundle, folder);
}

export interface Monban extends Pick<Predictor, 'bundle' | 'decide' | 'close'> {
  /** Explains the decision about one record. */
  explain(record: Readonly<Record<string, unknown>>): Promise<Explained>;
}

/** Opens a bundle from a folder; every checksum is verified. */
export async function open(folder: string): Promise<Monban> {
  const predictor = await openPredictor(openBundle(folder));
  const { bundle, decide, close } = predictor;
  return { bundle, decide, close, explain: (record) => explain(predictor, record) };
}

export type { Evaluation } from './evaluate/evaluate.js';
export type { Decision } from './mixture/decision.js';
export { type Bundle, type Explained, MonbanError };
