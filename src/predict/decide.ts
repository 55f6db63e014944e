/** Decides records with the experts that the gate chooses, and no others; sessions are passed in. */
import { copyRow } from '../core/copy-row.js';
import type { Bundle } from '../mixture/bundle.js';
import type { Decision } from '../mixture/decision.js';
import { notAsked } from '../objective/pool.js';
import type { Sessions } from '../runtime/onnxruntime.js';
import { type AskedRows, askedRows } from './asked.js';
import { allRows, type Batch, type JsonRecord } from './batch.js';
import { deciding, decisionOf } from './decision-of.js';
import { type Encoded, encodeLazily } from './encoded.js';
import { loadBatch, tellUnread } from './load.js';
import {
  askExpert,
  askGate,
  askPool,
  type Model,
  openExperts,
  openModel,
  presenceOf,
  type Watch,
} from './model.js';
import type { Routed } from './routed.js';

/** How a batch is to be decided. */
export interface RunOptions {
  /** Fields to treat as absent, by row of the batch. */
  readonly hiddenAt?: (row: number, field: string) => boolean;
  /** Experts that cannot be asked. */
  readonly closed?: ReadonlySet<string>;
  /** Stops after the gate: nobody but a shared expert runs, and `answers` stay empty. */
  readonly routeOnly?: boolean;
}

export interface PredictorOptions {
  readonly watch?: Watch;
  /** Milliseconds that only rise; `performance.now` by default. */
  readonly clock?: () => number;
}

export interface Predictor {
  readonly bundle: Bundle;
  readonly model: Model;
  /** Decides JSON records; throws MonbanError when a value does not fit its field. */
  decide(records: readonly JsonRecord[], options?: RunOptions): Promise<Decision[]>;
  /** Decides a batch of columns; the arrays behind the decisions. */
  run(batch: Batch, options?: RunOptions): Promise<Routed>;
  /** Turns what `run` gave for a row into a decision. */
  decision(routed: Routed, row: number): Decision;
  close(): Promise<void>;
}

/** The rows for which expert `e` was asked. */
function rowsAsking(mask: Float32Array, e: number, experts: number): Int32Array {
  const rows = new Int32Array(mask.length / experts);
  let count = 0;
  for (let row = 0; row < rows.length; row++) if (mask[row * experts + e]! > 0) rows[count++] = row;
  return rows.subarray(0, count);
}

/** Encodes each port once, for the union of the rows of the experts that read it. */
function encodeFor(model: Model, encoded: Encoded, { rows }: AskedRows, total: number): void {
  if (total === 1) {
    rows.forEach((list, e) => {
      if (list.length > 0)
        for (const port of model.manifest.experts[e]!.ports) encoded.want(port, list);
    });
    return;
  }
  const wanted = new Map<string, Uint8Array>();
  rows.forEach((list, e) => {
    if (list.length === 0) return;
    for (const port of model.manifest.experts[e]!.ports) {
      const marks = wanted.get(port) ?? new Uint8Array(total);
      wanted.set(port, marks);
      for (let i = 0; i < list.length; i++) marks[list[i]!] = 1;
    }
  });
  const all = new Int32Array(total);
  for (const [port, marks] of wanted) {
    let count = 0;
    for (let row = 0; row < total; row++) if (marks[row] === 1) all[count++] = row;
    encoded.want(port, all.slice(0, count));
  }
}

async function runBatch(
  model: Model,
  given: Batch,
  clock: () => number,
  options: RunOptions,
): Promise<Routed> {
  const { experts, gate } = model.manifest;
  const count = experts.length;
  const width = model.width;
  tellUnread(model, given);
  const started = clock();
  const batch = await loadBatch(model, given);
  const presence = presenceOf(model, batch, options.hiddenAt);
  const open = openExperts(model, presence, options.closed);
  const encoded = encodeLazily(model, batch, presence);
  const all = allRows(batch);
  const said: (Float32Array | undefined)[] = [];
  let sharedOutput: Float32Array | undefined;
  if (gate.shared >= 0) {
    const rows = rowsAsking(open, gate.shared, count);
    for (const port of experts[gate.shared]!.ports) encoded.want(port, all);
    said[gate.shared] = await askExpert(model, gate.shared, encoded, rows);
    sharedOutput = spread(said[gate.shared]!, rows, batch.rows, width, model.prior);
  }
  for (const port of gate.ports) encoded.want(port, all);
  const gateStart = clock();
  const routed = await askGate(model, encoded, all, presence, open, sharedOutput);
  const gateEnd = clock();
  if (options.routeOnly === true) {
    const encode = gateStart - started;
    const total = gateEnd - started;
    const ms = { encode, gate: total - encode, experts: 0, pool: 0, total };
    const answers = new Float32Array(0);
    return { rows: batch.rows, batch, presence, open, answers, ms, ...routed };
  }
  const asked = askedRows(routed.mask, count);
  encodeFor(model, encoded, asked, batch.rows);
  const expertStart = clock();
  const { k } = asked;
  const outputs = new Float32Array(batch.rows * k * width);
  const logWeights = new Float32Array(batch.rows * k).fill(notAsked);
  const hear = async (e: number): Promise<void> => {
    const rows = asked.rows[e]!;
    const output = said[e] ?? (await askExpert(model, e, encoded, rows));
    for (let i = 0; i < rows.length; i++) {
      const place = rows[i]! * k + asked.slots[e]![i]!;
      copyRow(output, i, outputs, place, width);
      logWeights[place] = routed.logWeights[rows[i]! * count + e]!;
    }
  };
  const chosen = [...asked.rows.keys()].filter((e) => asked.rows[e]!.length > 0);
  // The runs of one record wait for the same turn of the event loop; those of many fill the memory.
  if (batch.rows === 1) await Promise.all(chosen.map(hear));
  else for (const e of chosen) await hear(e);
  const poolStart = clock();
  const answers = await askPool(model, outputs, logWeights, k);
  const end = clock();
  const ms = {
    encode: gateStart - started + (expertStart - gateEnd),
    gate: gateEnd - gateStart,
    experts: poolStart - expertStart,
    pool: end - poolStart,
    total: end - started,
  };
  return { rows: batch.rows, batch, presence, open, answers, ms, ...routed };
}

/** [rows, W] to [B, W], the prior where nothing was said. */
function spread(
  said: Float32Array,
  rows: Int32Array,
  total: number,
  width: number,
  prior: Float32Array,
): Float32Array {
  const out = new Float32Array(total * width);
  for (let row = 0; row < total; row++) out.set(prior, row * width);
  for (let i = 0; i < rows.length; i++) copyRow(said, i, out, rows[i]!, width);
  return out;
}

/** Opens a bundle for deciding, over the sessions of one build of ONNX Runtime. */
export async function predictorOver(
  sessions: Sessions,
  bundle: Bundle,
  options: PredictorOptions = {},
): Promise<Predictor> {
  const clock = options.clock ?? (() => performance.now());
  const model = await openModel(sessions, bundle, options.watch);
  const known = deciding(model);
  const run = (batch: Batch, how: RunOptions = {}) => runBatch(model, batch, clock, how);
  const decision = (routed: Routed, row: number) => decisionOf(known, routed, row);
  return {
    bundle,
    model,
    run,
    decision,
    async decide(records, how) {
      if (records.length === 0) return [];
      const routed = await run(model.batchOf(records), how);
      return records.map((_, row) => decision(routed, row));
    },
    close: () => model.close(),
  };
}
