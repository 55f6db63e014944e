/** Training steps of experts, by the code that trains them: build, trace, trainer. */
import type { Column, Port } from '../../src/core/column.js';
import type { GradientModel } from '../../src/expert/expert.js';
import { experts } from '../../src/expert/experts.js';
import { trainingBatch } from '../../src/mixture/feeds.js';
import { graphFeatures } from '../../src/mixture/wiring.js';
import { objectives } from '../../src/objective/objectives.js';
import type { Numbers } from '../../src/runtime/session.js';
import { createTrainer } from '../../src/runtime/trainer.js';
import { input } from '../../src/tensor/tensor.js';
import { trainingTrace } from '../../src/tensor/trace.js';
import type { Work } from './case.js';
import { labels, startOf } from './data.js';

/** The one field of a case and its one port. */
export const port = 'x:port';

export const rates = { rate: 1e-3, tableRate: 0.04, weightDecay: 0.01, clip: 1 };

export interface ExpertStep {
  readonly kind: string;
  readonly options: object;
  readonly column: Column;
  readonly rows: number;
  readonly classes: number;
  readonly peer: {
    readonly network: string;
    readonly options: Record<string, unknown>;
    x: Numbers;
  };
}

/** A step of one expert on one batch, over and over. */
export async function openStep(step: ExpertStep): Promise<Work> {
  const { column, rows, classes } = step;
  const form = column.form !== 'values' ? { own: false } : { own: column.own, shape: column.shape };
  const described = { form: column.form, width: column.width, cheap: false, ...form } as Port;
  const fields = { x: { port: described } };
  const objective = objectives.get('classification');
  const trace = trainingTrace();
  const expert = experts.get(step.kind);
  const model = expert.build(classes, expert.config.parse(step.options)) as GradientModel;
  const outputs = model.forward(trace, graphFeatures(fields, [port]));
  const [truth, weight] = [input('@truth', ['B', 1], 'int64'), input('@weight', ['B', 1])];
  const loss = objective.loss(outputs, truth, weight, 0);
  const { weights, tables, draws } = trace;
  const trainer = await createTrainer({ loss, weights, tables, draws, seed: 1, optimiser: rates });
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const batch = trainingBatch([port], { columns: { [port]: column }, rows: () => all });
  const y = labels(rows, classes);
  const ones = { data: new Float32Array(rows).fill(1), dims: [rows, 1] };
  const feeds = { ...batch.feeds, '@truth': y, '@weight': ones };
  const given = { feeds, bags: batch.bags, rows: all, rateFactor: 1 };
  return {
    run: async () => (await trainer.step(given)).loss,
    peer: { ...step.peer, ...startOf(trace, trainer), y, rates },
    close: () => trainer.close(),
  };
}
