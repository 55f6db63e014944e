/** An opened mixture: coders and sessions, and how one batch flows through them. */
import { copyRow } from '../core/copy-row.js';
import type { Fault } from '../core/fault.js';
import type { Coder } from '../encoder/encoder.js';
import { encoders } from '../encoder/encoders.js';
import { presencePort, sharedPort } from '../gate/gate.js';
import { type ExpertRunner, openExpert } from '../mixture/expert-runner.js';
import { gateInputs, servingFeeds } from '../mixture/feeds.js';
import type { ExpertParts } from '../mixture/imported.js';
import type { Bundle, ExpertEntry, Manifest } from '../mixture/manifest.js';
import type { Objective } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { notAsked } from '../objective/pool.js';
import type { Session, Sessions } from '../runtime/onnxruntime.js';
import { openSwift } from '../runtime/swift.js';
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

/** Experts that can be asked about a record where `least` of the same fields are given. */
interface Need {
  /** Places of the fields. */
  readonly fields: readonly number[];
  readonly least: number;
  /** Places of the experts. */
  readonly experts: readonly number[];
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
  /** Each expert in one of them. */
  readonly needs: readonly Need[];
  /** What the gate's graph is fed besides `open`. */
  readonly gateInputs: readonly string[];
  readonly experts: readonly ExpertRunner[];
  readonly gate: Session;
  readonly pool: Session;
  readonly watch: Watch;
  /**
   * JSON records as a batch; throws MonbanError when a value does not fit its field, which says what
   * number the record has where the first one has number `first`.
   */
  batchOf(records: readonly JsonRecord[], first?: number): Batch;
  close(): Promise<void>;
}

/** The coder of a field of the model. */
export function coderOf({ manifest, coders }: Model, field: string): Coder {
  return coders[manifest.fields.findIndex(({ name }) => name === field)]!;
}

/** Many experts that need the same fields are looked at once. */
function needsOf({ experts }: Manifest, sources: Model['sources']): Need[] {
  const found = new Map<string, { fields: number[]; least: number; experts: number[] }>();
  experts.forEach(({ ports, needs }, e) => {
    const fields = [...new Set(ports.map((port) => sources.get(port)!.index))];
    const least = needs === 'any' ? 1 : fields.length;
    const key = `${least} of ${fields.join(' ')}`;
    const same = found.get(key) ?? { fields, least, experts: [] };
    same.experts.push(e);
    found.set(key, same);
  });
  return [...found.values()];
}

function partsOf({ name, file, imported }: ExpertEntry, bundle: Bundle): ExpertParts {
  const graph = bundle.file(file);
  if (imported === undefined) return { name, graph };
  const { file: model, ...wiring } = imported;
  return { name, graph, imported: { ...wiring, bytes: bundle.file(model) } };
}

/** Opens every session of a bundle. */
export async function openModel(
  sessions: Sessions,
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
  const open = (path: string) => openSwift(sessions.openSession, bundle.file(path));
  const experts = await Promise.all(
    manifest.experts.map((entry) => openExpert(sessions, partsOf(entry, bundle))),
  );
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
    needs: needsOf(manifest, sources),
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
  const count = experts.length;
  for (const need of model.needs) {
    for (let row = 0; row < rows; row++) {
      let given = 0;
      for (const f of need.fields) given += presence[row * fields.length + f]!;
      if (given < need.least) continue;
      for (const e of need.experts) open[row * count + e] = 1;
    }
  }
  experts.forEach(({ name }, e) => {
    if (closed?.has(name)) for (let row = 0; row < rows; row++) open[row * count + e] = 0;
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
  model.watch.asked?.(name, rows.length);
  const ask = async (part: Int32Array): Promise<Float32Array> => {
    const selected = {
      columns: encoded.columns,
      rows: (port: string) => encoded.positions(port, part),
    };
    return model.experts[e]!.say(ports, selected);
  };
  if (rows.length === 1) return ask(rows);
  const out = new Float32Array(rows.length * model.width);
  for (const slice of memorySlices(rows, ports, encoded)) {
    const data = await ask(slice.rows);
    for (let i = 0; i < slice.places.length; i++)
      copyRow(data, i, out, slice.places[i]!, model.width);
  }
  return out;
}

/** What the gate said about a batch, every array [B, E]. */
export interface GateSaid {
  /** [B, E, 4] what the scores rest on, where the gate's kind can say: see `Grounded`. */
  readonly grounds?: Float32Array;
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
    ...(said.grounds === undefined ? {} : { grounds: array('grounds') }),
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
