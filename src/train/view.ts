/** Views: held-out rows as they will be met, some of their fields hidden where the spec says so. */
import { random } from '../core/random.js';
import type { Plan } from '../mixture/plan.js';

/** Groups of field indices that vanish together, and how often. */
export interface Hiding {
  readonly rate: number;
  readonly groups: readonly (readonly number[])[];
}

export interface Views {
  /** [V] training row behind each view. */
  readonly row: Int32Array;
  /** [V, F] 1 where the field is given and not hidden. */
  readonly visible: Uint8Array;
}

/** Hides groups of one row in place; `draw` gives numbers in [0, 1). */
export function hideGroups(
  visible: Uint8Array,
  at: number,
  hiding: Hiding,
  draw: () => number,
): void {
  for (const group of hiding.groups) {
    if (draw() >= hiding.rate) continue;
    for (const field of group) visible[at + field] = 0;
  }
}

/** How many differently hidden copies of a held-out row the gate learns from. */
const copies = 2;

/** The gate's arrays hold every view, and so many tell it all it can learn. */
const mostViews = 100_000;

/** Rows to hold out at most. */
export function mostHeldOut(hiding: Hiding | undefined): number {
  return hiding === undefined ? mostViews : mostViews / copies;
}

/** Every held-out row once; where fields are hidden, `copies` times with fields hidden at random. */
export function makeViews(
  heldOut: Int32Array,
  presence: Uint8Array,
  fields: number,
  hiding: Hiding | undefined,
  seed: number,
): Views {
  const times = hiding === undefined ? 1 : copies;
  const row = new Int32Array(heldOut.length * times);
  const visible = new Uint8Array(row.length * fields);
  const stream = random(seed, 'views');
  for (let v = 0; v < row.length; v++) {
    const source = heldOut[v % heldOut.length]!;
    row[v] = source;
    visible.set(presence.subarray(source * fields, (source + 1) * fields), v * fields);
    if (hiding !== undefined) hideGroups(visible, v * fields, hiding, stream.uniform);
  }
  return { row, visible };
}

/** Whether an expert of these fields (by place) can be asked: it needs any or all of them. */
export function canAsk(
  needs: 'any' | 'all',
  own: readonly number[],
  given: (field: number) => boolean,
): boolean {
  return needs === 'any' ? own.some(given) : own.every(given);
}

/** Which groups of fields are hidden in training, by their places; nothing where the spec has none. */
export function hidingOf(plan: Plan): Hiding | undefined {
  const { hide } = plan.spec.training;
  if (hide === undefined) return undefined;
  const index = new Map(plan.fields.map(({ name }, i) => [name, i]));
  return {
    rate: hide.rate,
    groups: Object.values(hide.groups).map((group) => group.map((name) => index.get(name)!)),
  };
}
