/** Joint phase, in a worker thread: the clones of one expert and a gate learn together on one fold. */
import { random } from '../core/random.js';
import type { ExpertJob } from './expert-job.js';
import type { GateData } from './gate-data.js';
import type { GateJob } from './gate-job.js';
import {
  byRow,
  type Clones,
  openClones,
  revive,
  rowsOf,
  type Said,
  sayAll,
  stepClones,
} from './joint-clones.js';
import { type JointGate, openJointGate } from './joint-gate.js';
import { firstOf, mixtureLoss, regions, responsibilities, sharesOf } from './responsibility.js';

export interface JointJob {
  /** The expert that is cloned, as phase 1 trains it. */
  readonly expert: ExpertJob;
  /** Passes that served it best. */
  readonly epochs: number;
  /** The gate; its views are those of `jointViews`, its experts the clones. */
  readonly gate: Omit<GateJob, 'data'> & { readonly data: Omit<GateData, 'outputs'> };
  readonly rounds: number;
  readonly fold: number;
  /** [N, K] responsibilities of another fold to begin with, so that clones mean the same in all. */
  readonly begin?: Float32Array;
}

export interface JointProgress {
  readonly round: number;
  readonly rounds: number;
  readonly loss?: number;
  readonly shares?: readonly number[];
}

/** What one fold came to; V views of the fold, K clones, W numbers that an expert says. */
export interface JointFold {
  /** K times [V, W]: raw, by clones that did not see these rows. */
  readonly heldOut: readonly Float32Array[];
  /** [V] the clone that the gate would ask first, without knowing the truth. */
  readonly first: Int32Array;
  /** [N, K] of every row that fits, and of the fold's rows by gate and likelihood. */
  readonly responsibility: Float32Array;
  /** The round that served best; 0 where no round gained on the unspecialised expert. */
  readonly round: number;
  /** Check loss after each round. */
  readonly curve: readonly number[];
  readonly messages: readonly string[];
}

/** Gate passes over its views in a round. */
const passes = 4;
/** Rounds without a better check loss before the phase ends. */
const patience = 6;

interface Round {
  readonly loss: number;
  readonly said: Said;
  readonly route: Float32Array;
}

/** The gate learns from what the clones say by now; the loss is that of the mixture on check views. */
async function look(clones: Clones, gate: JointGate, last: Round | undefined, learns: boolean) {
  const { contexts, count, checks } = clones;
  const learned = contexts.map(({ trainer }) => trainer.values());
  const first = last === undefined ? undefined : firstOf(last.route, count);
  const said = await sayAll(clones, learned, first);
  const { load, message } = learns
    ? await gate.train(said.outputs)
    : { load: undefined, message: undefined };
  const route = await gate.route();
  const loss = mixtureLoss(
    rowsOf(route, checks, count),
    rowsOf(said.likelihood, checks, count),
    count,
  );
  return { round: { loss, said, route }, load, message };
}

interface Best extends Round {
  /** 1 for the first. */
  readonly round: number;
  readonly responsibility: Float32Array;
}

function resultOf({ job, contexts, count, fit }: Clones, best: Best) {
  const views = job.gate.data.views.row.length - fit.length;
  const { width } = contexts[0]!;
  return {
    heldOut: best.said.raw.map((said) => said.slice(0, views * width)),
    first: firstOf(best.route, count).slice(0, views),
    responsibility: best.responsibility,
    round: best.round,
  };
}

function openGate(job: JointJob, views: Int32Array): Promise<JointGate> {
  const { gate } = job;
  const plan = { ...gate.plan, epochs: job.rounds * passes };
  const data = { ...gate.data, outputs: new Float32Array(0) };
  return openJointGate({ ...gate, plan, data }, views, passes);
}

/** Alternates steps of the clones and of the gate; of all rounds the one of least check loss counts. */
export async function run(
  job: JointJob,
  post: (progress: JointProgress) => void,
): Promise<JointFold> {
  const clones = await openClones(job, post);
  const { count, contexts } = clones;
  const { rounds, begin } = job;
  const gate = await openGate(job, clones.routes.slice());
  const streams = contexts.map((_, k) => random(job.expert.seed, `joint/order/${job.fold}/${k}`));
  const messages: string[] = [];
  const curve: number[] = [];
  let last = (await look(clones, gate, undefined, false)).round;
  let responsibility = begin ?? byRow(clones, regions(last.route, count));
  let best: Best = { round: 0, ...last, responsibility };
  for (let round = 0; round < rounds && round - best.round < patience; round++) {
    await stepClones(clones, responsibility, streams, round);
    const { round: now, load, message } = await look(clones, gate, last, true);
    last = now;
    responsibility = byRow(clones, responsibilities(now.route, now.said.likelihood, count));
    curve.push(now.loss);
    if (now.loss < best.loss) best = { round: round + 1, ...now, responsibility };
    const shares = sharesOf(rowsOf(responsibility, clones.fit, count), count);
    if (message !== undefined) messages.push(`round ${round + 1}: ${message}`);
    messages.push(...revive(clones, shares, round));
    post({ round: round + 1, rounds, loss: now.loss, shares: load?.shares ?? shares });
  }
  await Promise.all([...contexts.map(({ trainer }) => trainer.close()), gate.close()]);
  return { ...resultOf(clones, best), curve, messages };
}
