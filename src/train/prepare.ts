/** Fits the encoders and encodes the training rows into shared memory. */
import type { Columns } from '../core/column.js';
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

/** Encoders learn from all training rows: they see no target. */
export function prepare(
  plan: Plan,
  rows: LabelledRows,
  onField: (done: number, total: number, field: string) => void,
): Prepared {
  const total = plan.fields.length * 2;
  const fields = plan.fields.map(({ name, column, kind, config }, i): FieldEntry => {
    onField(i, total, name);
    return { name, column, kind, state: encoders.get(kind).fit(rows.values[name]!, config) };
  });
  const coders = Object.fromEntries(
    fields.map(({ name, kind, state }) => [name, encoders.get(kind).open(state)]),
  );
  const ports = portsOf(coders);
  const byExpert = plan.experts.map((expert) => expertPorts(ports, expert));
  const byGate = gatePorts(ports, plan.gate);
  const wanted = new Set([...byExpert.flat(), ...byGate]);
  const presence = new Uint8Array(rows.rows * fields.length);
  const columns: Record<string, Columns[string]> = {};
  fields.forEach(({ name }, f) => {
    onField(fields.length + f, total, name);
    const coder = coders[name]!;
    const values = rows.values[name]!;
    for (let row = 0; row < rows.rows; row++)
      if (coder.present(values, row)) presence[row * fields.length + f] = 1;
    const own = Object.keys(coder.ports).filter((port) => wanted.has(`${name}:${port}`));
    for (const [port, column] of Object.entries(coder.encode(values, own)))
      columns[`${name}:${port}`] = column;
  });
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
