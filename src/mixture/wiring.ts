/** Who reads what: the fields and ports of every expert and of the gate. */

import type { Port } from '../core/column.js';
import { MonbanError } from '../core/fault.js';
import type { Coder } from '../encoder/encoder.js';
import { type FieldPorts, readable } from '../expert/expert.js';
import { experts as expertKinds } from '../expert/experts.js';
import { denseShape, type ServedPorts } from '../tensor/served-ports.js';
import { input } from '../tensor/tensor.js';
import type { Feature, Features } from '../tensor/trace.js';
import type { ExpertPlan } from './plan.js';

/** The field part of `field:port`. */
export function fieldOf(port: string): string {
  return port.slice(0, port.lastIndexOf(':'));
}

/** All ports of a set of opened fields. */
export function portsOf(coders: Readonly<Record<string, Coder>>): FieldPorts {
  return Object.fromEntries(Object.entries(coders).map(([name, coder]) => [name, coder.ports]));
}

function pickFields(fields: FieldPorts, names: readonly string[] | undefined): FieldPorts {
  if (names === undefined) return fields;
  return Object.fromEntries(names.map((name) => [name, fields[name]!]));
}

/** The ports an expert reads; throws MonbanError when there is none that it can. */
export function expertPorts(fields: FieldPorts, expert: ExpertPlan): string[] {
  const kind = expertKinds.get(expert.kind);
  const own = pickFields(fields, expert.reads);
  const ports = kind.reads?.(own, expert.config) ?? readable(own, kind.ports);
  if (ports.length > 0) return ports;
  throw new MonbanError({
    where: `experts.${expert.name}`,
    expected: `a field that a ${expert.kind} expert can read (ports ${kind.ports.join(', ')})`,
    found: `fields ${Object.keys(fields).join(', ')}`,
    todo: 'add such a field, name others under "reads", or remove the expert',
  });
}

/** The cheap ports a gate reads. */
export function gatePorts(
  fields: FieldPorts,
  gate: { readonly reads?: readonly string[] | undefined },
): string[] {
  return Object.entries(pickFields(fields, gate.reads)).flatMap(([field, ports]) =>
    Object.entries(ports)
      .filter(([, port]) => port.cheap)
      .map(([port]) => `${field}:${port}`),
  );
}

/** The port behind `field:port`. */
export function portAt(fields: FieldPorts, port: string): Port {
  return fields[fieldOf(port)]![port.slice(port.lastIndexOf(':') + 1)]!;
}

/** The named ports in the order in which a serving graph is fed. */
export function servedPorts(fields: FieldPorts, ports: readonly string[]): ServedPorts {
  return Object.fromEntries(ports.map((name) => [name, portAt(fields, name)]));
}

/** Inputs of a training graph for the named ports: dense tensors (see `denseShape`), or handles of bags. */
export function graphFeatures(fields: FieldPorts, ports: readonly string[]): Features {
  return Object.fromEntries(
    ports.map((name): [string, Feature] => {
      const port = portAt(fields, name);
      if (port.form === 'bag') return [name, { form: 'bag', port: name, width: port.width }];
      return [name, input(name, denseShape(port))];
    }),
  );
}
