/** Scores a mixture on labelled rows: quality, load, time, and every expert beside it. */
import { MonbanError } from '../core/fault.js';
import { mean, quantile } from '../core/statistic.js';
import type { Values } from '../data/column.js';
import type { Dataset } from '../data/dataset.js';
import { quoteName } from '../data/sql.js';
import type { Scores, Truth } from '../objective/objective.js';
import { type Batch, chunkBatch, sliceBatch, textColumns } from '../predict/batch.js';
import { columnsOf } from '../predict/columns.js';
import { encodeLazily } from '../predict/encoded.js';
import { askExpert } from '../predict/model.js';
import { type Predictor, utilityOf } from '../predict/predictor.js';
import { firstChoices, join, sliceRows, truthOf } from './decided.js';

export interface Evaluation {
  /** Labelled rows that were scored. */
  readonly rows: number;
  readonly metrics: Scores;
  /** `share` of all choices; `metrics` on all rows, the prior where the expert cannot be asked. */
  readonly experts: Readonly<Record<string, { readonly share: number; readonly metrics: Scores }>>;
  /** All open experts, evenly weighed. */
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
  /** What answers score that do not look at the record, fitted to these very rows to flatter them. */
  readonly baselines?: {
    /** One answer for all. */
    readonly constant: Scores;
    /** One answer for each expert that is asked first: near `metrics`, the route would give answers away. */
    readonly route: Scores;
  };
  /** Rows left out because their target is missing. */
  readonly unlabelled: number;
  /** Rows whose label was not seen in training; they count as wrong. */
  readonly unseen: number;
}

const timed = 300;

interface Said {
  readonly answers: Float32Array;
  readonly each: readonly Float32Array[];
  readonly ensemble: Float32Array;
  readonly counts: readonly number[];
  /** [B] */
  readonly first: Int32Array;
  readonly open: number;
  readonly ms: number;
}

async function sayAll(predictor: Predictor, batch: Batch): Promise<Said> {
  const { model } = predictor;
  const experts = model.manifest.experts.length;
  const routed = await predictor.run(batch);
  const prior = model.objective.prior(model.state);
  const encoded = encodeLazily(model, routed.batch, routed.presence);
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
    ensemble: model.objective.even(each, routed.open, model.state),
    counts,
    first: firstChoices(routed, experts),
    open,
    ms: routed.ms.total,
  };
}

type Score = (answers: Float32Array) => Scores;

/** [N, V]: for each row the constant answer of its group. */
function constants({ model }: Predictor, truth: Truth, group: Int32Array): Float32Array {
  const { objective, state } = model;
  const parts: Float32Array[] = [];
  const byGroup = new Map(
    [...new Set(group)].map((id) => [
      id,
      objective.constant!(
        truth.filter((_, row) => group[row] === id),
        state,
      ),
    ]),
  );
  for (const id of group) parts.push(byGroup.get(id)!);
  return join(parts);
}

function baselines(predictor: Predictor, truth: Truth, first: Int32Array, score: Score) {
  if (predictor.model.objective.constant === undefined) return {};
  const one = new Int32Array(first.length);
  return {
    baselines: {
      constant: score(constants(predictor, truth, one)),
      route: score(constants(predictor, truth, first)),
    },
  };
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
  const truth = truthOf(predictor, target);
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
    ...baselines(predictor, truth, Int32Array.from(said.flatMap(({ first }) => [...first])), score),
    unlabelled,
    unseen: truth.reduce((sum, label) => sum + (Number.isNaN(label) ? 1 : 0), 0),
  };
}

/** Rows whose target is known. */
export interface Labelled {
  readonly batch: Batch;
  readonly target: Values;
  /** Rows left out because their target is missing. */
  readonly unlabelled: number;
  /** Columns of the model that the data lacks; they count as missing. */
  readonly absent: readonly string[];
}

/** Reads all labelled rows of a data set; throws MonbanError when it is other data. */
export async function readLabelled(predictor: Predictor, data: Dataset): Promise<Labelled> {
  const { manifest } = predictor.bundle;
  const { fields, target } = manifest;
  const { read, absent } = columnsOf(manifest, data, true);
  const numeric = data.columns.find(({ name }) => name === target)?.storage === 'number';
  const name = quoteName(target);
  const given = numeric ? `nullif(${name}::DOUBLE, 'NaN'::DOUBLE)` : name;
  const chunk = await data.read(read, {
    where: `${given} IS NOT NULL`,
    texts: textColumns(fields, target),
  });
  const unlabelled = (await data.rows()) - chunk.rows;
  return {
    batch: chunkBatch(chunk, fields),
    target: chunk.columns[target]!,
    unlabelled,
    absent,
  };
}
