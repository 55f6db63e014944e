/** The cost of asking an expert, counted from its work, so that it is the same on every machine. */
import { foreignWork } from '../onnx/work.js';
import { count } from '../tensor/emit.js';
import { trainingTrace } from '../tensor/trace.js';
import { type ExpertGraph, modelOf } from './graphs.js';
import { graphFeatures, portAt } from './wiring.js';

/**
 * Microseconds per unit of work of one record; only their ratios matter to the routing. Measured by
 * `npm run cost` (bench/cost.ts) on two busy x86-64 cores, medians of cases that take turns: a run
 * is the smallest expert, the others are slopes between two sizes (layers of 64 and 640 units, bags
 * of 100 and 600 ids, texts of 140 and 1,400 characters, 1 and 21 ports). Over four runs of the
 * bench the ratios to `perRun` varied by at most a third, except `perPort` (0.011 to 0.020).
 */
const perRun = 18;
const perMultiplyAdd = 1 / 9000;
const perLookup = 0.0021;
const perGram = 0.075;
const perPort = 0.3;
/** In plain TypeScript, not in the runtime: 3 to 7 ns by the length of the series. */
const perEncoding = 0.004;

/** Mean number of ids in a row of each bag. */
type Lengths = Readonly<Record<string, number>>;

/**
 * Multiply-adds, and numbers looked up in tables, of one record; of a model that is fitted in stages
 * those of as many as there are, or may become.
 */
function workOf(
  graph: ExpertGraph,
  lengths: Lengths,
  stages?: number,
): { adds: number; lookups: number } {
  const model = modelOf(graph);
  if (model.by === 'nothing') return { adds: foreignWork(model.model), lookups: 0 };
  if (model.by === 'rows') return { adds: 0, lookups: model.lookups(stages ?? model.stages) };
  const trace = trainingTrace();
  const output = model.forward(trace, graphFeatures(graph.fields, graph.ports));
  const lookups = trace.tables.reduce(
    (sum, { port, width }) => sum + (lengths[port] ?? 0) * width,
    0,
  );
  return { adds: count({ outputs: { output } }), lookups };
}

/** Microseconds to encode its ports and run one record through an expert, of `stages` where it has some. */
export function countedCost(graph: ExpertGraph, lengths: Lengths, stages?: number): number {
  const { adds, lookups } = workOf(graph, lengths, stages);
  const encoding = graph.ports.reduce((sum, port) => {
    const work = portAt(graph.fields, port).work ?? 0;
    return sum + perPort + (lengths[port] ?? 0) * perGram + work * perEncoding;
  }, 0);
  const cost = perRun + adds * perMultiplyAdd + lookups * perLookup + encoding;
  return Number(cost.toPrecision(4));
}
