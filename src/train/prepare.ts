/** Fits the encoders and readies the training rows for threads, as compact as can be. */
import type { Values } from '../data/column.js';
import type { Coder } from '../encoder/encoder.js';
import { encoders } from '../encoder/encoders.js';
import type { FieldPorts } from '../expert/expert.js';
import type { FieldEntry } from '../mixture/bundle.js';
import type { Plan } from '../mixture/plan.js';
import { expertPorts, fieldOf, gatePorts, portsOf } from '../mixture/wiring.js';
import type { Batch } from '../predict/batch.js';
import { fieldLoader, type Loader } from './field-loader.js';
import { encodeField, isQuick, type Packed, rowBytes } from './packed.js';
import { blockRowsOf, type Reading, readingOf } from './passes.js';
import { shareArray } from './shared-memory.js';
import { keepRows, type Store } from './store.js';
import { memoryOf, type TrainingRows } from './training-rows.js';

export interface Prepared {
  readonly fields: readonly FieldEntry[];
  readonly coders: Readonly<Record<string, Coder>>;
  readonly ports: FieldPorts;
  readonly expertPorts: readonly (readonly string[])[];
  /** How each expert reads its rows. */
  readonly readings: readonly Reading[];
  readonly gatePorts: readonly string[];
  /** Every port that an expert or the gate reads, of all rows. */
  readonly store: Store;
  /** [N, F] */
  readonly presence: Uint8Array;
}

type OnField = (done: number, total: number, field: string, message?: string) => void;

/** Rows from which the size of all is told. */
const fewRows = 256;

async function fitFields(plan: Plan, sample: Batch, onField: OnField): Promise<FieldEntry[]> {
  const fields: FieldEntry[] = [];
  for (const [i, { name, column, kind, config }] of plan.fields.entries()) {
    onField(i, plan.fields.length * 2, name);
    const state = await encoders.get(kind).fit(sample.values[name]!, config);
    fields.push({ name, column, kind, state });
  }
  return fields;
}

interface Packer {
  readonly fields: readonly FieldEntry[];
  readonly coders: Readonly<Record<string, Coder>>;
  /** The ports to encode of the fields that are not kept as they are. */
  readonly wanted: readonly string[];
}

function pack({ fields, coders, wanted }: Packer, batch: Batch): Packed {
  const values: Record<string, Float64Array> = {};
  const columns: Record<string, Packed['columns'][string]> = {};
  for (const { name, kind } of fields) {
    const coder = coders[name]!;
    const given = batch.values[name]!;
    if (isQuick(kind, coder)) values[name] = given as Float64Array;
    else Object.assign(columns, encodeField(coder, name, given, wanted));
  }
  return { rows: batch.rows, values, columns };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Bytes of a row by field that is kept as it is and by port, as the first rows tell. */
async function sizesOf(packer: Packer, few: Batch): Promise<Readonly<Record<string, number>>> {
  const loader = fieldLoader(packer.coders, () => undefined);
  const values: Record<string, Values> = {};
  for (const { name } of packer.fields)
    values[name] = await loader.load(name, few.values[name]!, 0);
  return rowBytes(pack(packer, { rows: few.rows, values }));
}

/** Bytes of a row that these ports are made of. */
function bytesRead(bytes: Readonly<Record<string, number>>, ports: readonly string[]): number {
  const names = new Set(ports.map((port) => (bytes[port] === undefined ? fieldOf(port) : port)));
  return sum([...names].map((name) => bytes[name] ?? 0));
}

/** Notes where fields are given in rows from `from` on. */
function notePresence(
  presence: Uint8Array,
  { fields, coders }: Packer,
  { rows, values }: Batch,
  from: number,
): void {
  for (const [f, { name }] of fields.entries()) {
    const coder = coders[name]!;
    const given: Values = values[name]!;
    for (let row = 0; row < rows; row++)
      if (coder.present(given, row)) presence[(from + row) * fields.length + f] = 1;
  }
}

/** Batches after what their fields point to was read, and their presence noted. */
async function* loadedBatches(
  rows: AsyncIterable<Batch>,
  packer: Packer,
  loader: Loader,
  presence: Uint8Array,
  onField: (f: number, share: number) => void,
): AsyncGenerator<Batch> {
  const fields = packer.fields;
  const total = presence.length / fields.length;
  let from = 0;
  for await (const batch of rows) {
    const values: Record<string, Values> = {};
    for (const [f, { name }] of fields.entries()) {
      onField(f, from / total);
      values[name] = await loader.load(name, batch.values[name]!, from);
    }
    const loaded = { rows: batch.rows, values };
    notePresence(presence, packer, loaded, from);
    yield loaded;
    from += batch.rows;
  }
  loader.check();
}

/** Encoders learn from all training rows, or of very many from a sample: they see no target. */
export async function prepare(
  plan: Plan,
  rows: TrainingRows,
  heldOut: Int32Array,
  onField: OnField,
): Promise<Prepared> {
  const total = plan.fields.length * 2;
  const fields = await fitFields(plan, await rows.sample(), onField);
  const coders = Object.fromEntries(
    fields.map(({ name, kind, state }) => [name, encoders.get(kind).open(state)]),
  );
  const ports = portsOf(coders);
  const byExpert = plan.experts.map((expert) => expertPorts(ports, expert));
  const byGate = gatePorts(ports, plan.gate);
  const packer: Packer = { fields, coders, wanted: [...new Set([...byExpert.flat(), ...byGate])] };
  const loader = fieldLoader(coders, (name, message) => onField(total, total, name, message));
  const presence = shareArray(new Uint8Array(rows.rows * fields.length));
  const sizes = await sizesOf(packer, await rows.head(fewRows));
  const bytes = sum(Object.values(sizes));
  const blockRows = blockRowsOf(bytes);
  const store = await keepRows({
    rows: rows.rows,
    heldOut,
    blockRows,
    memory: memoryOf(plan),
    bytes,
    quick: fields.filter(({ name, kind }) => isQuick(kind, coders[name]!)),
    async *packed(size) {
      const batches = loadedBatches(rows.batches(size), packer, loader, presence, (f, share) =>
        onField(fields.length + (share > 0 ? share * fields.length : f), total, fields[f]!.name),
      );
      for await (const batch of batches) yield pack(packer, batch);
    },
  });
  return {
    ...{ fields, coders, ports, expertPorts: byExpert, gatePorts: byGate, store, presence },
    readings: byExpert.map((own) => readingOf(blockRows, bytesRead(sizes, own))),
  };
}
