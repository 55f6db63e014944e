/** Joint phase, in a worker thread: the clones of one expert and a gate learn together on one fold. */
import { random } from '../core/random.js';
import type { Context, Order } from './expert-pass.js';
import {
  byRow,
  type Clones,
  deadOf,
  openClones,
  revive,
  rowsOf,
  type Said,
  sayAll,
  stepClones,
} from './joint-clones.js';
import { type JointGate, openJointGate } from './joint-gate.js';
import type { JointFold, JointJob, JointProgress } from './joint-types.js';
import { firstOf, mixtureLoss, regions, responsibilities, sharesOf } from './responsibility.js';

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
  const { count, checks } = clones;
  const first = last === undefined ? undefined : firstOf(last.route, count);
  const said = await sayAll(clones, first);
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
  const views = job.expert.views.row.length - fit.length;
  const { width } = contexts[0]!;
  return {
    heldOut: best.said.raw.map((said) => said.slice(0, views * width)),
    first: firstOf(best.route, count).slice(0, views),
    responsibility: best.responsibility,
    round: best.round,
  };
}

/** Every clone meets the rows in an order of its own. */
function orderOf({ fit, job }: Clones, context: Context, k: number): Order {
  const label = `joint/order/${job.fold}/${k}`;
  return { rows: fit.slice(), stream: random(context.job.seed, label), label, epoch: 0 };
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
  const orders = contexts.map((context, k) => orderOf(clones, context, k));
  const messages: string[] = [];
  const curve: number[] = [];
  let last = (await look(clones, gate, undefined, false)).round;
  let responsibility = begin ?? byRow(clones, regions(last.route, count));
  let best: Best = { round: 0, ...last, responsibility };
  for (let round = 0; round < rounds && round - best.round < patience; round++) {
    await stepClones(clones, responsibility, orders);
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
  const shares = sharesOf(rowsOf(best.responsibility, clones.fit, count), count);
  messages.push(...deadOf(clones, shares).map(([, said]) => `at the end: ${said}`));
  return { ...resultOf(clones, best), curve, messages };
}
