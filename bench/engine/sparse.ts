/** The cases of a sparse mixture: a joint training step, and inference by the chosen experts only. */
import { openSession } from '../../src/runtime/session.js';
import { createTrainer } from '../../src/runtime/trainer.js';
import { emit } from '../../src/tensor/emit.js';
import { linear } from '../../src/tensor/layer.js';
import {
  add,
  exp,
  logSoftmax,
  logSumExp,
  mean,
  neg,
  pick,
  reshape,
  sum,
  topK,
} from '../../src/tensor/ops.js';
import { sparseExperts } from '../../src/tensor/sparse-experts.js';
import { input, type Tensor } from '../../src/tensor/tensor.js';
import { servingTrace, type Trace, trainingTrace } from '../../src/tensor/trace.js';
import type { Case, Work } from './case.js';
import { labels, normals, startOf } from './data.js';
import { rates } from './step.js';

const [experts, k, wide, units, classes] = [8, 2, 64, 256, 10];

/** Log of the share [B, k, classes] that each of the k experts asked about a row has in its answer. */
function answers(trace: Trace): Tensor {
  const x = input('x', ['B', wide]);
  const scores = linear(trace, 'gate', x, experts);
  const chosen = topK(scores, k);
  const weight = reshape(logSoftmax(pick(scores, chosen)), ['B', k, 1]);
  const said = sparseExperts(trace, 'experts', x, chosen, { experts, widths: [units, classes] });
  return add(logSoftmax(said), weight);
}

async function makeTrainer() {
  const trace = trainingTrace();
  const answer = logSumExp(answers(trace), 1);
  const loss = neg(mean(pick(answer, input('y', ['B', 1], 'int64'))));
  const { weights, tables, draws } = trace;
  const trainer = await createTrainer({ loss, weights, tables, draws, seed: 1, optimiser: rates });
  return { trace, trainer };
}

const network = { network: 'experts', options: { experts, k } };

async function openTraining(rows: number): Promise<Work> {
  const { trace, trainer } = await makeTrainer();
  const [x, y] = [normals([rows, wide]), labels(rows, classes)];
  const batch = { feeds: { x, y }, bags: {}, rows: new Int32Array(rows), rateFactor: 1 };
  return {
    run: async () => (await trainer.step(batch)).loss,
    peer: {
      ...network,
      ...startOf(trace, trainer),
      ...{ x, y, rates: { ...rates, logProbabilities: true } },
    },
    close: () => trainer.close(),
  };
}

async function openInference(rows: number): Promise<Work> {
  const { trace, trainer } = await makeTrainer();
  const learned = trainer.values();
  await trainer.close();
  const said = sum(exp(answers(servingTrace(learned))), [1]);
  const session = await openSession(emit({ name: 'routed', outputs: { said } }));
  const x = normals([rows, wide]);
  return {
    async run() {
      await session.run({ x });
      return 0;
    },
    peer: { ...network, ...startOf(trace, trainer), x },
    close: () => session.close(),
  };
}

export const sparseCases: readonly Case[] = [
  {
    name: 'sparse mixture step, B 512, 8 experts, top 2',
    target: 2,
    tolerance: 0.01,
    open: () => openTraining(512),
  },
  {
    name: 'routed inference, 1,024 rows, 8 experts, top 2',
    target: 2,
    tolerance: Number.POSITIVE_INFINITY,
    open: () => openInference(1024),
  },
];
