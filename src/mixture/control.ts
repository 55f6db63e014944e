/** The same experts behind another gate: how the controls are raced against the learned gate. */
import { join } from 'node:path';
import { encoders } from '../encoder/encoders.js';
import { gates } from '../gate/gates.js';
import { objectives } from '../objective/objectives.js';
import type { Bundle } from './bundle.js';
import { gateGraph } from './graphs.js';
import { gatePorts, portsOf } from './wiring.js';

/** The gates that learn nothing, in the order of the registry. */
export const controls: readonly string[] = gates.kinds.filter((kind) => !gates.get(kind).learns);

/** The bundle with a gate that learns nothing: same experts, pool and k, no price, no bias. */
export function withControl(bundle: Bundle, kind: string): Bundle {
  const { manifest } = bundle;
  const objective = objectives.get(manifest.objective.kind);
  const gate = gates.get(kind);
  const opened = Object.fromEntries(
    manifest.fields.map((field) => [field.name, encoders.get(field.kind).open(field.state)]),
  );
  const fields = portsOf(opened);
  const config = gate.config.parse({});
  const ports = gate.readsPorts ? gatePorts(fields, {}) : [];
  const zeros = manifest.experts.map(() => 0);
  const topK = gate.asksAll === true ? zeros.length : manifest.gate.topK;
  const entry = { ...manifest.gate, kind, config, ports, topK, bias: zeros, penalty: zeros };
  const graph = gateGraph(
    { ...entry, fields, pool: manifest.pool.kind },
    { weights: {}, tables: {} },
    objective,
    objective.answerWidth(manifest.objective.state),
  );
  const file = join('gate', `${kind}.control`);
  return {
    ...bundle,
    manifest: { ...manifest, gate: { ...entry, file } },
    file: (path) => (path === file ? graph : bundle.file(path)),
  };
}
