/** Small graphs run in plain TypeScript: for one record a call of the runtime costs more than they do. */
import { type PlainGraph, type PlainNode, readGraph } from '../../onnx/graph-read.js';
import type { Data } from '../../onnx/types.js';
import type { Arrays, Numbers } from '../onnxruntime.js';
import { elementwise } from './elementwise.js';
import { picks } from './pick.js';
import { products } from './product.js';
import { reductions } from './reduce.js';
import { shapes } from './shape.js';
import type { Kernel, PlainData, Run, Value } from './value.js';

const kernels: Readonly<Record<string, Kernel>> = {
  ...elementwise,
  ...reductions,
  ...products,
  ...shapes,
  ...picks,
};

/** The outputs of a graph. */
export type RunPlain = (feeds: Arrays) => Record<string, Numbers>;

/** One node over the places where its operands and results are kept. */
interface Step {
  readonly run: Run;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Most multiply-adds by stored numbers that one record may take: about 20 us. */
const mostWork = 20_000;

/** Multiply-adds by stored matrices, each taken once. */
function workOf({ nodes, stored }: PlainGraph): number {
  const read = nodes
    .filter(({ type }) => products[type] !== undefined)
    .flatMap(({ inputs }) => inputs.map((name) => stored.get(name)?.data.length ?? 0));
  return read.reduce((a, b) => a + b, 0);
}

function plain(data: Data): PlainData {
  return data instanceof BigInt64Array ? Int32Array.from(data, Number) : data;
}

const floats = new Set(['float32']);
const given = new Set(['float32', 'int32']);

/** True where every node can run here, on the types that are fed and given back. */
function fits(graph: PlainGraph): boolean {
  return (
    graph.inputs.every(({ dtype }) => given.has(dtype)) &&
    graph.outputs.every(({ dtype }) => floats.has(dtype)) &&
    graph.nodes.every(({ type, attributes }) => kernels[type]?.(attributes) !== undefined) &&
    workOf(graph) <= mostWork
  );
}

/** Numbers the values of a graph. */
function numbering() {
  const places = new Map<string, number>();
  const place = (name: string): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    places.set(name, places.size);
    return places.size - 1;
  };
  return { place, count: () => places.size };
}

/** What can be computed from stored numbers alone is computed once. */
function fold(step: Step, values: (Value | undefined)[]): boolean {
  if (step.from.some((at) => values[at] === undefined)) return false;
  const results = step.run(step.from.map((at) => values[at]!));
  step.to.forEach((at, i) => {
    values[at] = results[i];
  });
  return true;
}

function stepOf({ type, inputs, outputs, attributes }: PlainNode, place: (name: string) => number) {
  return {
    run: kernels[type]!(attributes)!,
    from: inputs.map(place),
    to: outputs.map(place),
  };
}

/** A graph ready to run; undefined where an operator is not known here, or the work is too much. */
export function openPlain(model: Uint8Array): RunPlain | undefined {
  const graph = readGraph(model);
  if (!fits(graph)) return undefined;
  const { place, count } = numbering();
  const known: (Value | undefined)[] = [];
  for (const [name, { data, dims }] of graph.stored)
    known[place(name)] = { data: plain(data), dims };
  const inputs = graph.inputs.map(({ name }) => ({ name, at: place(name) }));
  const steps = graph.nodes.map((node) => stepOf(node, place)).filter((step) => !fold(step, known));
  const outputs = graph.outputs.map(({ name }) => ({ name, at: place(name) }));
  known.length = count();
  return (feeds) => {
    const values = known.slice() as Value[];
    for (const { name, at } of inputs) {
      const fed = feeds[name];
      if (fed === undefined) throw new Error(`no feed for the input ${name}`);
      values[at] = fed as Value;
    }
    for (const { run, from, to } of steps) {
      const operands = new Array<Value>(from.length);
      for (let i = 0; i < from.length; i++) operands[i] = values[from[i]!]!;
      const results = run(operands);
      for (let i = 0; i < to.length; i++) values[to[i]!] = results[i]!;
    }
    const said: Record<string, Numbers> = {};
    for (const { name, at } of outputs) said[name] = values[at]!;
    return said;
  };
}
