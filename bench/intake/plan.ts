/** The plans of the intake desk: the mixture of the example, and one large model in four widths. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Plan, plan } from '../../src/mixture/plan.js';
import { parseSpec } from '../../src/mixture/spec-file.js';

export const specPath = join('examples', 'intake', 'monban.yaml');

/** Kinds of record, by the first part of their answers. */
export const kinds = ['mail', 'sensor', 'log', 'stone', 'scan'] as const;
export type Kind = (typeof kinds)[number];

/** A width of the large model: every part of it grows. */
export interface Width {
  readonly name: string;
  readonly embedding: number;
  readonly width: number;
  readonly channels: readonly number[];
}

export const widths: readonly Width[] = [
  { name: 'quarter', embedding: 8, width: 96, channels: [8, 16, 32] },
  { name: 'half', embedding: 16, width: 192, channels: [12, 24, 48] },
  { name: 'whole', embedding: 32, width: 384, channels: [16, 32, 64] },
  { name: 'double', embedding: 64, width: 768, channels: [24, 48, 96] },
];

/** Files of the example and of a folder that holds the raw data. */
const raw: readonly (readonly [string, string])[] = [
  ['datasets/diamonds/diamonds', 'diamonds'],
  ['datasets/spam/spam', 'spam_assassin'],
  ['datasets/fail2ban/fail2ban', 'fail2ban_logs'],
  ['datasets/sensor/sensor', 'sensor_singlehop'],
  ['datasets/mnist10k/mnist10k', 'mnist10k'],
];

/** The mixture of the example, on the data that the project ships or on that of a folder. */
export function mixturePlan(folder: string | undefined, seed: number): Plan {
  let text = readFileSync(specPath, 'utf8');
  if (folder !== undefined)
    for (const [shipped, name] of raw) text = text.replaceAll(shipped, join(folder, name));
  const made = parseSpec(text, specPath);
  return { ...made, spec: { ...made.spec, training: { ...made.spec.training, seed } } };
}

/**
 * One fusion expert over all fields but `gist`, which repeats the body, and those left out; a static
 * gate that always asks it. It may take as many epochs as the largest image expert of the mixture.
 */
export function largePlan(
  { spec }: Plan,
  { embedding, width, channels }: Width,
  { without = [], epochs = 12 }: { without?: readonly string[]; epochs?: number } = {},
): Plan {
  const left = ['gist', ...without];
  const fields = Object.entries(spec.fields).filter(([name]) => !left.includes(name));
  const size = { members: 1, embedding, width, channels };
  return plan({
    ...spec,
    fields: Object.fromEntries(fields),
    experts: { large: { kind: 'fusion', ...size, training: { epochs, patience: 4 } } },
    gate: { kind: 'static', topK: 1, pool: 'mixture' },
  });
}
