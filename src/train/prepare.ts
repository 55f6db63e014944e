/** Fits the encoders and encodes the training rows into shared memory. */
import type { Columns } from '../core/column.js';
import { describeFault, MonbanError } from '../core/fault.js';
import type { Values } from '../data/column.js';
import type { Coder } from '../encoder/encoder.js';
import { encoders } from '../encoder/encoders.js';
import type { FieldPorts } from '../expert/expert.js';
import type { FieldEntry } from '../mixture/bundle.js';
import type { Plan } from '../mixture/plan.js';
import { expertPorts, gatePorts, portsOf } from '../mixture/wiring.js';
import type { LabelledRows } from './rows.js';
import { shareArray, shareColumns } from './shared-memory.js';

export interface Prepared {
  readonly fields: readonly FieldEntry[];
  readonly coders: Readonly<Record<string, Coder>>;
  readonly ports: FieldPorts;
  readonly expertPorts: readonly (readonly string[])[];
  readonly gatePorts: readonly string[];
  /** Every port that an expert or the gate reads, of all rows. */
  readonly columns: Columns;
  /** [N, F] */
  readonly presence: Uint8Array;
}

type OnField = (done: number, total: number, field: string, message?: string) => void;

/** What a field points to is read; values that cannot be read count as missing, unless all are. */
async function loadField(
  coder: Coder,
  given: Values,
  name: string,
  warn: (message: string) => void,
): Promise<Values> {
  if (coder.load === undefined) return given;
  const { values, faults } = await coder.load(given);
  if (faults.length === 0) return values;
  const [first] = faults;
  const where = `fields.${name}, ${first!.where}`;
  const present = (values as readonly unknown[]).some((value) => value !== null);
  if (!present) throw new MonbanError({ ...first!, where });
  const found = describeFault({ ...first!, where });
  warn(`${faults.length} of ${given.length} values count as missing; the first: ${found}`);
  return values;
}

/** Encoders learn from all training rows: they see no target. */
export async function prepare(plan: Plan, rows: LabelledRows, onField: OnField): Promise<Prepared> {
  const total = plan.fields.length * 2;
  const fields: FieldEntry[] = [];
  for (const [i, { name, column, kind, config }] of plan.fields.entries()) {
    onField(i, total, name);
    const state = await encoders.get(kind).fit(rows.values[name]!, config);
    fields.push({ name, column, kind, state });
  }
  const coders = Object.fromEntries(
    fields.map(({ name, kind, state }) => [name, encoders.get(kind).open(state)]),
  );
  const ports = portsOf(coders);
  const byExpert = plan.experts.map((expert) => expertPorts(ports, expert));
  const byGate = gatePorts(ports, plan.gate);
  const wanted = new Set([...byExpert.flat(), ...byGate]);
  const presence = new Uint8Array(rows.rows * fields.length);
  const columns: Record<string, Columns[string]> = {};
  for (const [f, { name }] of fields.entries()) {
    onField(fields.length + f, total, name);
    const coder = coders[name]!;
    const values = await loadField(coder, rows.values[name]!, name, (message) =>
      onField(fields.length + f, total, name, message),
    );
    for (let row = 0; row < rows.rows; row++)
      if (coder.present(values, row)) presence[row * fields.length + f] = 1;
    const own = Object.keys(coder.ports).filter((port) => wanted.has(`${name}:${port}`));
    for (const [port, column] of Object.entries(coder.encode(values, own)))
      columns[`${name}:${port}`] = column;
  }
  return {
    fields,
    coders,
    ports,
    expertPorts: byExpert,
    gatePorts: byGate,
    columns: shareColumns(columns),
    presence: shareArray(presence),
  };
}
