/** An opened mixture: coders and sessions, and how one batch flows through them. */
import type { Fault } from '../core/fault.js';
import type { Coder } from '../encoder/encoder.js';
import { encoders } from '../encoder/encoders.js';
import { presencePort, sharedPort } from '../gate/gate.js';
import type { Bundle, Manifest } from '../mixture/bundle.js';
import { gateInputs, servingFeeds } from '../mixture/feeds.js';
import type { Objective } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { notAsked } from '../objective/pool.js';
import type { OpenSession, Session } from '../runtime/onnxruntime.js';
import { type Batch, type JsonRecord, recordReader } from './batch.js';
import type { Encoded, PortSource } from './encoded.js';
import { memorySlices } from './slices.js';

/** What a test or a page may watch: encoder and expert calls as they happen. */
export interface Watch {
  /** Values of a field that could not be read and count as missing. */
  readonly broken?: (field: string, faults: readonly Fault[]) => void;
  readonly encoded?: (port: string, rows: number) => void;
  readonly asked?: (expert: string, rows: number) => void;
}

export interface Model {
  readonly bundle: Bundle;
  readonly manifest: Manifest;
  readonly objective: Objective;
  readonly state: unknown;
  /** V */
  readonly width: number;
  /** [V] what is said when nobody can be asked. */
  readonly prior: Float32Array;
  /** One for each field. */
  readonly coders: readonly Coder[];
  readonly sources: ReadonlyMap<string, PortSource>;
  /** The experts that read each port, for ports that any of them reads. */
  readonly readers: ReadonlyMap<string, readonly number[]>;
  /** Places of the fields that each expert reads. */
  readonly reads: readonly (readonly number[])[];
  /** What the gate's graph is fed besides `open`. */
  readonly gateInputs: readonly string[];
  readonly experts: readonly Session[];
  readonly gate: Session;
  readonly pool: Session;
  readonly watch: Watch;
  /** JSON records as a batch; throws MonbanError when a value does not fit its field. */
  batchOf(records: readonly JsonRecord[]): Batch;
  close(): Promise<void>;
}

/** The coder of a field of the model. */
export function coderOf({ manifest, coders }: Model, field: string): Coder {
  return coders[manifest.fields.findIndex(({ name }) => name === field)]!;
}

function readersOf({ experts }: Manifest): Map<string, number[]> {
  const readers = new Map<string, number[]>();
  experts.forEach(({ ports }, e) => {
    for (const port of ports) readers.set(port, [...(readers.get(port) ?? []), e]);
  });
  return readers;
}

/** Opens every session of a bundle. */
export async function openModel(
  openSession: OpenSession,
  bundle: Bundle,
  watch: Watch = {},
): Promise<Model> {
  const { manifest } = bundle;
  const objective = objectives.get(manifest.objective.kind);
  const state = manifest.objective.state;
  const coders = manifest.fields.map(({ kind, state: own }) => encoders.get(kind).open(own));
  const sources = new Map(
    manifest.fields.flatMap(({ name: field }, index) =>
      Object.keys(coders[index]!.ports).map((name): [string, PortSource] => [
        `${field}:${name}`,
        { field, index, name, coder: coders[index]! },
      ]),
    ),
  );
  const open = (path: string) => openSession(bundle.file(path));
  const experts = await Promise.all(manifest.experts.map(({ file }) => open(file)));
  const gate = await open(manifest.gate.file);
  const pool = await open(manifest.pool.file);
  return {
    bundle,
    manifest,
    objective,
    state,
    width: objective.answerWidth(state),
    prior: objective.prior(state),
    coders,
    sources,
    readers: readersOf(manifest),
    reads: manifest.experts.map(({ ports }) => [
      ...new Set(ports.map((port) => sources.get(port)!.index)),
    ]),
    gateInputs: gateInputs(manifest.gate),
    experts,
    gate,
    pool,
    watch,
    batchOf: recordReader(manifest.fields, [manifest.target]),
    async close() {
      await Promise.all([...experts, gate, pool].map((session) => session.close()));
    },
  };
}

/** Which fields are given: [B, F], 1 or 0; hidden fields count as absent. */
export function presenceOf(
  model: Model,
  batch: Batch,
  hidden: (row: number, field: string) => boolean = () => false,
): Uint8Array {
  const { fields } = model.manifest;
  const bits = new Uint8Array(batch.rows * fields.length);
  for (let f = 0; f < fields.length; f++) {
    const { name } = fields[f]!;
    const coder = model.coders[f]!;
    const values = batch.values[name]!;
    for (let row = 0; row < batch.rows; row++) {
      if (coder.present(values, row) && !hidden(row, name)) bits[row * fields.length + f] = 1;
    }
  }
  return bits;
}

/** Which experts could be asked: [B, E]; an expert needs any or all of its fields. */
export function openExperts(
  model: Model,
  presence: Uint8Array,
  closed?: ReadonlySet<string>,
): Float32Array {
  const { experts, fields } = model.manifest;
  const rows = presence.length / fields.length;
  const open = new Float32Array(rows * experts.length);
  for (let e = 0; e < experts.length; e++) {
    const { name, needs } = experts[e]!;
    if (closed?.has(name)) continue;
    const own = model.reads[e]!;
    const least = needs === 'any' ? 1 : own.length;
    for (let row = 0; row < rows; row++) {
      let given = 0;
      for (const f of own) given += presence[row * fields.length + f]!;
      if (given >= least) open[row * experts.length + e] = 1;
    }
  }
  return open;
}

/** Asks one expert about some rows of the batch: calibrated outputs [rows, W]. */
export async function askExpert(
  model: Model,
  e: number,
  encoded: Encoded,
  rows: Int32Array,
): Promise<Float32Array> {
  const { name, ports } = model.manifest.experts[e]!;
  model.watch.asked?.(name, rows.length);
  const ask = async (part: Int32Array): Promise<Float32Array> => {
    const selected = {
      columns: encoded.columns,
      rows: (port: string) => encoded.positions(port, part),
    };
    const session = model.experts[e]!;
    const { output } = await session.run(servingFeeds(ports, selected, session.reads));
    return output!.data as Float32Array;
  };
  if (rows.length === 1) return ask(rows);
  const out = new Float32Array(rows.length * model.width);
  for (const slice of memorySlices(rows, ports, encoded)) {
    const data = await ask(slice.rows);
    slice.places.forEach((place, i) => {
      out.set(data.subarray(i * model.width, (i + 1) * model.width), place * model.width);
    });
  }
  return out;
}

/** What the gate said about a batch, every array [B, E]. */
export interface GateSaid {
  readonly scores: Float32Array;
  readonly selection: Float32Array;
  readonly mask: Float32Array;
  readonly logWeights: Float32Array;
}

/** Runs the gate and its route over all rows of a batch. */
export async function askGate(
  model: Model,
  encoded: Encoded,
  all: Int32Array,
  presence: Uint8Array,
  open: Float32Array,
  shared?: Float32Array,
): Promise<GateSaid> {
  const { gate, fields, experts } = model.manifest;
  for (const port of gate.ports) encoded.want(port, all);
  const bits = new Float32Array(presence);
  encoded.add(presencePort, { form: 'values', width: fields.length, data: bits });
  if (shared !== undefined)
    encoded.add(sharedPort, { form: 'values', width: model.width, data: shared });
  const selected = {
    columns: encoded.columns,
    rows: (port: string) => encoded.positions(port, all),
  };
  const feeds = servingFeeds(model.gateInputs, selected, model.gate.reads);
  feeds.open = { data: open, dims: [all.length, experts.length] };
  const said = await model.gate.run(feeds);
  const array = (name: keyof GateSaid) => said[name]!.data as Float32Array;
  return {
    scores: array('scores'),
    selection: array('selection'),
    mask: array('mask'),
    logWeights: array('logWeights'),
  };
}

/** Pools outputs [B, K, W] with log-weights [B, K]; rows that nobody was asked about get the prior. */
export async function askPool(
  model: Model,
  outputs: Float32Array,
  logWeights: Float32Array,
  k: number,
): Promise<Float32Array> {
  const rows = logWeights.length / k;
  const feeds = {
    outputs: { data: outputs, dims: [rows, k, model.width] },
    logWeights: { data: logWeights, dims: [rows, k] },
  };
  const { answer } = await model.pool.run(feeds);
  const answers = answer!.data as Float32Array;
  for (let row = 0; row < rows; row++) {
    let asked = false;
    for (let i = row * k; i < (row + 1) * k; i++) asked ||= logWeights[i]! > notAsked / 2;
    if (!asked) answers.set(model.prior, row * model.prior.length);
  }
  return answers;
}
