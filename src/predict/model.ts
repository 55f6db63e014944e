/** An opened mixture: coders and sessions, and how one batch flows through them. */
import type { Coder } from '../encoder/encoder.js';
import { encoders } from '../encoder/encoders.js';
import { presencePort, sharedPort } from '../gate/gate.js';
import type { Bundle, Manifest } from '../mixture/bundle.js';
import { servingFeeds } from '../mixture/feeds.js';
import { fieldOf } from '../mixture/wiring.js';
import type { Objective } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { notAsked } from '../objective/pool.js';
import { openSession, type Session } from '../runtime/session.js';
import type { Batch } from './batch.js';
import type { Encoded } from './encoded.js';
import { memorySlices } from './slices.js';

/** What a test or a page may watch: encoder and expert calls as they happen. */
export interface Watch {
  readonly encoded?: (port: string, rows: number) => void;
  readonly asked?: (expert: string, rows: number) => void;
}

export interface Model {
  readonly bundle: Bundle;
  readonly manifest: Manifest;
  readonly objective: Objective;
  readonly state: unknown;
  /** W */
  readonly width: number;
  readonly coders: Readonly<Record<string, Coder>>;
  readonly fieldIndex: ReadonlyMap<string, number>;
  readonly experts: readonly Session[];
  readonly gate: Session;
  readonly pool: Session;
  readonly watch: Watch;
  close(): Promise<void>;
}

/** Opens every session of a bundle. */
export async function openModel(bundle: Bundle, watch: Watch = {}): Promise<Model> {
  const { manifest } = bundle;
  const objective = objectives.get(manifest.objective.kind);
  const state = manifest.objective.state;
  const coders = manifest.fields.map((field): [string, Coder] => [
    field.name,
    encoders.get(field.kind).open(field.state),
  ]);
  const open = (path: string) => openSession(bundle.file(path));
  const experts = await Promise.all(manifest.experts.map(({ file }) => open(file)));
  const gate = await open(manifest.gate.file);
  const pool = await open(manifest.pool.file);
  return {
    bundle,
    manifest,
    objective,
    state,
    width: objective.outputs(state),
    coders: Object.fromEntries(coders),
    fieldIndex: new Map(manifest.fields.map(({ name }, i) => [name, i])),
    experts,
    gate,
    pool,
    watch,
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
  fields.forEach(({ name }, f) => {
    const coder = model.coders[name]!;
    const values = batch.values[name]!;
    for (let row = 0; row < batch.rows; row++) {
      if (coder.present(values, row) && !hidden(row, name)) bits[row * fields.length + f] = 1;
    }
  });
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
  experts.forEach(({ name, ports, needs }, e) => {
    if (closed?.has(name)) return;
    const own = [...new Set(ports.map((port) => model.fieldIndex.get(fieldOf(port))!))];
    for (let row = 0; row < rows; row++) {
      const given = (f: number) => presence[row * fields.length + f] === 1;
      if (needs === 'any' ? own.some(given) : own.every(given)) open[row * experts.length + e] = 1;
    }
  });
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
  const out = new Float32Array(rows.length * model.width);
  model.watch.asked?.(name, rows.length);
  for (const slice of memorySlices(rows, ports, encoded)) {
    const feeds = servingFeeds(ports, {
      columns: encoded.columns,
      rows: (port) => slice.rows.map((row) => encoded.position(port, row)),
    });
    const { output } = await model.experts[e]!.run(feeds);
    const data = output!.data as Float32Array;
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

/** Runs the gate and its route over a whole batch. */
export async function askGate(
  model: Model,
  encoded: Encoded,
  presence: Uint8Array,
  open: Float32Array,
  shared?: Float32Array,
): Promise<GateSaid> {
  const { gate, fields, experts } = model.manifest;
  const rows = presence.length / fields.length;
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  for (const port of gate.ports) encoded.want(port, all);
  const feeds = servingFeeds(gate.ports, {
    columns: encoded.columns,
    rows: (port) => all.map((row) => encoded.position(port, row)),
  });
  feeds[presencePort] = { data: Float32Array.from(presence), dims: [rows, fields.length] };
  feeds.open = { data: open, dims: [rows, experts.length] };
  if (shared !== undefined) feeds[sharedPort] = { data: shared, dims: [rows, model.width] };
  const said = await model.gate.run(only(feeds, model.gate.inputs));
  const array = (name: keyof GateSaid) => said[name]!.data as Float32Array;
  return {
    scores: array('scores'),
    selection: array('selection'),
    mask: array('mask'),
    logWeights: array('logWeights'),
  };
}

/** Keeps the feeds that a graph has inputs for: a fixed gate reads less than it is offered. */
function only<T>(feeds: Record<string, T>, inputs: Session['inputs']): Record<string, T> {
  return Object.fromEntries(inputs.map(({ name }) => [name, feeds[name]!]));
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
  const { answer } = await model.pool.run(only(feeds, model.pool.inputs));
  const answers = answer!.data as Float32Array;
  const prior = model.objective.prior(model.state);
  for (let row = 0; row < rows; row++) {
    const asked = logWeights.subarray(row * k, (row + 1) * k).some((w) => w > notAsked / 2);
    if (!asked) answers.set(prior, row * prior.length);
  }
  return answers;
}
