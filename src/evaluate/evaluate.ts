/** Scores a mixture on labelled rows: quality, load, time, and every expert beside it. */
import { MonbanError, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import { mean, quantile } from '../core/statistic.js';
import type { Values } from '../data/column.js';
import type { Dataset } from '../data/dataset.js';
import type { Scores } from '../objective/objective.js';
import { type Batch, chunkBatch, sliceBatch } from '../predict/batch.js';
import { encodeLazily } from '../predict/encoded.js';
import { askExpert } from '../predict/model.js';
import { type Predictor, utilityOf } from '../predict/predictor.js';

export interface Evaluation {
  /** Labelled rows that were scored. */
  readonly rows: number;
  readonly metrics: Scores;
  /** `share` of all choices; `metrics` on all rows, the prior where the expert cannot be asked. */
  readonly experts: Readonly<Record<string, { readonly share: number; readonly metrics: Scores }>>;
  /** The mean of the probabilities of all open experts. */
  readonly ensemble: { readonly metrics: Scores; readonly expertsPerRecord: number };
  /** Single decisions in this process, encoding included. */
  readonly cost: {
    readonly msPerRecord: number;
    readonly p50: number;
    readonly p95: number;
    readonly expertsPerRecord: number;
    /** When rows are decided many at a time. */
    readonly batchMsPerRecord: number;
  };
  /** Rows left out because their target is missing. */
  readonly unlabelled: number;
  /** Rows whose label was not seen in training; they count as wrong. */
  readonly unseen: number;
}

const sliceRows = 1024;
const timed = 300;

interface Said {
  readonly answers: Float32Array;
  readonly each: readonly Float32Array[];
  readonly ensemble: Float32Array;
  readonly counts: readonly number[];
  readonly open: number;
  readonly ms: number;
}

/** Log of the mean probability of the open experts, the prior where there is none. */
function pool(
  each: readonly Float32Array[],
  open: Float32Array,
  prior: Float32Array,
): Float32Array {
  const experts = each.length;
  const width = prior.length;
  const rows = open.length / experts;
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const asked = each.flatMap((_, e) => (open[row * experts + e] === 1 ? [e] : []));
    for (let c = 0; c < width; c++) {
      const sum = asked.reduce((total, e) => total + Math.exp(each[e]![row * width + c]!), 0);
      out[row * width + c] = asked.length === 0 ? prior[c]! : Math.log(sum / asked.length + 1e-12);
    }
  }
  return out;
}

async function sayAll(predictor: Predictor, batch: Batch): Promise<Said> {
  const { model } = predictor;
  const experts = model.manifest.experts.length;
  const routed = await predictor.run(batch);
  const prior = model.objective.prior(model.state);
  const encoded = encodeLazily(model, batch, routed.presence);
  const all = Int32Array.from({ length: batch.rows }, (_, row) => row);
  const each: Float32Array[] = [];
  for (let e = 0; e < experts; e++) {
    for (const port of model.manifest.experts[e]!.ports) encoded.want(port, all);
    const rows = all.filter((row) => routed.open[row * experts + e] === 1);
    const said = await askExpert(model, e, encoded, rows);
    const spread = Float32Array.from(
      { length: batch.rows * prior.length },
      (_, i) => prior[i % prior.length]!,
    );
    rows.forEach((row, i) => {
      spread.set(said.subarray(i * prior.length, (i + 1) * prior.length), row * prior.length);
    });
    each.push(spread);
  }
  const counts = each.map((_, e) =>
    all.reduce((sum, row) => sum + routed.mask[row * experts + e]!, 0),
  );
  const open = routed.open.reduce((a, b) => a + b, 0);
  return {
    answers: routed.answers,
    each,
    ensemble: pool(each, routed.open, prior),
    counts,
    open,
    ms: routed.ms.total,
  };
}

function join(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Milliseconds of decisions one at a time, after a warm-up. */
async function timeSingles(predictor: Predictor, batch: Batch): Promise<Float64Array> {
  const rows = Math.min(timed, batch.rows);
  const times: number[] = [];
  for (let round = 0; round < 2; round++) {
    times.length = 0;
    for (let row = 0; row < rows; row++) {
      const { ms } = await predictor.run(sliceBatch(batch, row, row + 1));
      times.push(ms.total);
    }
  }
  return Float64Array.from(times);
}

/** Scores a batch whose target is known. Throws MonbanError when there is nothing to score. */
export async function evaluateRows(
  predictor: Predictor,
  batch: Batch,
  target: Values,
  unlabelled = 0,
): Promise<Evaluation> {
  if (batch.rows === 0) {
    const found = unlabelled > 0 ? `${unlabelled} rows, none with a target` : '0 rows';
    throw new MonbanError({ where: 'data', expected: 'labelled rows to evaluate', found });
  }
  const { model } = predictor;
  const { experts } = model.manifest;
  const truth = model.objective.encode(target, model.state);
  const said: Said[] = [];
  for (let from = 0; from < batch.rows; from += sliceRows) {
    said.push(
      await sayAll(predictor, sliceBatch(batch, from, Math.min(batch.rows, from + sliceRows))),
    );
  }
  const utility = utilityOf(model);
  const score = (answers: Float32Array) =>
    model.objective.score(answers, truth, model.state, utility);
  const counts = experts.map((_, e) => said.reduce((sum, part) => sum + part.counts[e]!, 0));
  const asked = counts.reduce((a, b) => a + b, 0);
  const times = await timeSingles(predictor, batch);
  const scored = experts.map(({ name }, e): [string, { share: number; metrics: Scores }] => [
    name,
    {
      share: counts[e]! / Math.max(1, asked),
      metrics: score(join(said.map(({ each }) => each[e]!))),
    },
  ]);
  return {
    rows: batch.rows,
    metrics: score(join(said.map(({ answers }) => answers))),
    experts: Object.fromEntries(scored),
    ensemble: {
      metrics: score(join(said.map(({ ensemble }) => ensemble))),
      expertsPerRecord: said.reduce((sum, { open }) => sum + open, 0) / batch.rows,
    },
    cost: {
      msPerRecord: mean(times),
      p50: quantile(times, 0.5),
      p95: quantile(times, 0.95),
      expertsPerRecord: asked / batch.rows,
      batchMsPerRecord: said.reduce((sum, { ms }) => sum + ms, 0) / batch.rows,
    },
    unlabelled,
    unseen: truth.reduce((sum, label) => sum + (label < 0 ? 1 : 0), 0),
  };
}

/** Throws MonbanError naming every column that the model needs and the data lacks. */
export function requireColumns(predictor: Predictor, data: Dataset, withTarget: boolean): void {
  const { manifest } = predictor.bundle;
  const names = data.columns.map(({ name }) => name);
  const wanted = [
    ...manifest.fields.map(({ column }) => column),
    ...(withTarget ? [manifest.target] : []),
  ];
  const faults = wanted
    .filter((column) => !names.includes(column))
    .map((column) => {
      const close = nearest(column, names);
      const todo =
        close === undefined
          ? `the data has ${names.slice(0, 12).join(', ')}`
          : `did you mean "${close}"?`;
      return { where: 'data', expected: `a column ${show(column)}`, found: 'no such column', todo };
    });
  if (faults.length > 0) throw new MonbanError(faults);
}

/** Scores all labelled rows of a data set. */
export async function evaluate(predictor: Predictor, data: Dataset): Promise<Evaluation> {
  requireColumns(predictor, data, true);
  const { fields, target } = predictor.bundle.manifest;
  const chunk = await data.read([...new Set([...fields.map(({ column }) => column), target])], {
    where: `"${target.replaceAll('"', '""')}" IS NOT NULL`,
  });
  const total = await data.rows();
  return evaluateRows(
    predictor,
    chunkBatch(chunk, fields),
    chunk.columns[target]!,
    total - chunk.rows,
  );
}
