/** Explains one decision: who was asked and why, what the others say, what would change the route. */
import type { Value } from '../encoder/encoder.js';
import type { Decision } from '../mixture/decision.js';
import type { Answer } from '../objective/objective.js';
import type { Batch, JsonRecord } from './batch.js';
import type { Predictor } from './decide.js';
import { utilityOf } from './decision-of.js';
import { encodeLazily } from './encoded.js';
import { type Change, seekFlip, varied } from './flip.js';
import { askExpert, coderOf, type Model } from './model.js';
import type { Routed } from './routed.js';

/** How much a field moved something: with the field minus without it. */
export interface Influence {
  readonly field: string;
  readonly effect: number;
}

/** What the score of an expert rests on: how it did on the held-out records most like this one. */
export interface Ground {
  readonly expert: string;
  /** Records on which it could be asked. */
  readonly records: number;
  /** Its mean outcome on them, in nats or in reward against what all do, or in gain beside the shared expert. */
  readonly here: number;
  /** Standard error of `here`. */
  readonly error: number;
  /** Its mean outcome on all held-out records. */
  readonly usual: number;
}

export interface Explained {
  readonly decision: Decision;
  /** Experts with the records that speak for or against them; empty where the gate keeps no records. */
  readonly grounds: readonly Ground[];
  /** Fields by how much they favour the first expert over the runner-up, largest effect first. */
  readonly route: readonly Influence[];
  /** Fields by what they do to the answer (its log-probability, or the amount), largest effect first. */
  readonly answer: readonly Influence[];
  /** What a field is known as where its kind groups values: the template of a log line. */
  readonly seen: readonly { readonly field: string; readonly as: string }[];
  /** What every expert that could be asked says by itself. */
  readonly experts: readonly {
    readonly expert: string;
    readonly asked: boolean;
    readonly answer: Answer;
  }[];
  /** The smallest change found that asks somebody else, checked by making it; null for none. */
  readonly flip: Flip | null;
  /** How many changes of one and of two fields were tried for it. */
  readonly tried: number;
}

/** At most two fields with other values, and where that would have sent the record. */
export interface Flip {
  readonly changes: readonly Change[];
  readonly route: readonly string[];
  readonly answer: Answer;
}

const bySize = (a: Influence, b: Influence): number => Math.abs(b.effect) - Math.abs(a.effect);

async function flipOf(
  predictor: Predictor,
  batch: Batch,
  changes: readonly Change[] | null,
): Promise<Flip | null> {
  if (changes === null) return null;
  const changed = varied(batch, [changes]);
  const { route, answer } = predictor.decision(
    await predictor.run(changed.batch, changed.options),
    0,
  );
  return { changes, route: route.map(({ expert }) => expert), answer };
}

/** The groups of given values that are not named by the value itself. */
function seenAs(model: Model, batch: Batch, given: readonly string[]): Explained['seen'] {
  return given.flatMap((field) => {
    const value = batch.values[field]![0] as Value;
    const as = coderOf(model, field).group?.(value);
    return as === undefined || as === value ? [] : [{ field, as }];
  });
}

async function whatOthersSay(predictor: Predictor, routed: Routed): Promise<Explained['experts']> {
  const { model } = predictor;
  const { experts } = model.manifest;
  const utility = utilityOf(model);
  const encoded = encodeLazily(model, routed.batch, routed.presence);
  const row = Int32Array.of(0);
  const said: Explained['experts'][number][] = [];
  for (const [e, { name, ports }] of experts.entries()) {
    if (routed.open[e] !== 1) continue;
    for (const port of ports) encoded.want(port, row);
    const output = await askExpert(model, e, encoded, row);
    said.push({
      expert: name,
      asked: routed.mask[e]! > 0,
      answer: model.objective.answer(output, model.state, utility),
    });
  }
  return said;
}

/** The records behind the scores of the one row of a batch; a shared expert is asked without any. */
function groundsOf({ model }: Predictor, { grounds, open }: Routed): Ground[] {
  if (grounds === undefined) return [];
  const { experts, gate } = model.manifest;
  return experts.flatMap(({ name: expert }, e) => {
    if (e === gate.shared || open[e] !== 1) return [];
    const [records, here, error, usual] = grounds.subarray(4 * e, 4 * e + 4);
    return [{ expert, records: records!, here: here!, error: error!, usual: usual! }];
  });
}

/** How far the first expert is above the runner-up in each row, by score. */
function leads(predictor: Predictor, { route, runnerUp }: Decision) {
  const names = predictor.model.manifest.experts.map(({ name }) => name);
  const first = names.indexOf(route[0]!.expert);
  const second = names.indexOf(runnerUp ?? '');
  return ({ scores }: Routed, row: number): number =>
    scores[row * names.length + first]! - scores[row * names.length + second]!;
}

/** Explains the decision about the one row of a batch. */
export async function explainBatch(predictor: Predictor, asked: Batch): Promise<Explained> {
  const { model } = predictor;
  const routed = await predictor.run(asked);
  const { batch } = routed;
  const decision = predictor.decision(routed, 0);
  const given = model.manifest.fields
    .map(({ name }) => name)
    .filter((name) => !decision.missing.includes(name));
  if (decision.route.length === 0)
    return {
      ...{ decision, grounds: [], route: [], answer: [], seen: [], experts: [] },
      ...{ flip: null, tried: 0 },
    };
  const without = varied(
    batch,
    given.map((field) => [{ field, from: null, to: null }]),
  );
  const hidden = await predictor.run(without.batch, without.options);
  const effects = model.objective.effects(
    routed.answers,
    hidden.answers,
    model.state,
    utilityOf(model),
  );
  const lead = leads(predictor, decision);
  const route = given.map((field, row) => ({ field, effect: lead(routed, 0) - lead(hidden, row) }));
  const answer = given.map((field, row) => ({ field, effect: effects[row]! }));
  const { changes, tried } = await seekFlip(predictor, batch, routed, given);
  return {
    decision,
    grounds: groundsOf(predictor, routed),
    route: decision.runnerUp === null ? [] : route.sort(bySize),
    answer: answer.sort(bySize),
    seen: seenAs(model, batch, given),
    experts: await whatOthersSay(predictor, routed),
    flip: await flipOf(predictor, batch, changes),
    tried,
  };
}

/** Explains the decision about one record; throws MonbanError when a value does not fit its field. */
export async function explain(predictor: Predictor, record: JsonRecord): Promise<Explained> {
  return explainBatch(predictor, predictor.model.batchOf([record]));
}
