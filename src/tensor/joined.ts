/** One set of inputs for all ports of a serving graph, and the blocks that read them at once. */
import { add, sub } from './op/arithmetic.js';
import { reshape } from './op/broadcast.js';
import { clip } from './op/choose.js';
import { concat, slice } from './op/cut.js';
import { relu } from './op/function.js';
import { matmul, transpose } from './op/matmul.js';
import { denseShape, feedNames, layoutOf, type Place, type ServedPorts } from './served-ports.js';
import { lookUp, storeTables } from './stored-table.js';
import { constant, input, type Tensor } from './tensor.js';
import type { Bag, Feature, Features, Joined } from './trace-types.js';

/** What was learned, by name, and whether tables are stored as int8. */
export interface Source {
  weight(name: string): Float32Array;
  table(name: string): Float32Array;
  readonly quantise: boolean;
}

export interface JoinedInputs extends Joined {
  readonly features: Features;
  /** The weighted sum [B, width] of the rows of one bag's own table. */
  table(name: string, bag: Bag, width: number): Tensor;
}

function inputsOf(ports: ServedPorts) {
  const { bags, dense, own, wide, widest } = layoutOf(ports);
  const weights = input(feedNames.weights, ['B', 1, 'L']);
  const values = input(feedNames.values, ['B', wide]);
  const cut = ({ at, width }: Place): Tensor => slice(values, 1, at, at + width);
  return {
    bags,
    dense,
    widest,
    ids: input(feedNames.ids, ['B', 'L'], 'int32'),
    weights,
    spread: bags.length < 2 ? weights : input(feedNames.spread, ['B', bags.length, 'L']),
    values,
    blocks: input(feedNames.blocks, [dense.length, 'B', widest]),
    /** Each dense port by itself. */
    cuts: new Map([
      ...dense.map((place): [string, Tensor] => [place.port, cut(place)]),
      ...own.map((port): [string, Tensor] => [port, input(port, denseShape(ports[port]!))]),
    ]),
    own,
  };
}

type Inputs = ReturnType<typeof inputsOf>;

/** Arrays one after the other, each padded with zeros to `size` where one is given. */
function stack(arrays: readonly Float32Array[], size?: number): Float32Array {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + (size ?? length), 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += size ?? array.length;
  }
  return out;
}

function tablesOf({ bags }: Inputs, source: Source, name: string, width: number) {
  const tables = bags.map(({ port }) => source.table(`${name}/${port}`));
  return storeTables(tables, width, source.quantise);
}

/** All tables and matrices added up: two products, however many ports there are. */
function projectAll(inputs: Inputs, source: Source, name: string, width: number): Tensor {
  const { bags, dense, ids, weights, values } = inputs;
  const terms: Tensor[] = [];
  if (bags.length > 0) {
    const sums = lookUp(ids, weights, tablesOf(inputs, source, name, width));
    terms.push(reshape(sums, ['B', width]));
  }
  if (dense.length > 0) {
    const rows = stack(dense.map(({ port }) => source.weight(`${name}/${port}/weight`)));
    terms.push(matmul(values, constant(rows, [rows.length / width, width])));
  }
  return terms.reduce((a, b) => add(a, b));
}

/** Dense ports by a batched product, as [B, P, width]. */
function embedDense(inputs: Inputs, source: Source, name: string, width: number): Tensor {
  const { dense, blocks, widest } = inputs;
  const learned = (what: string) =>
    dense.map(({ port }) => source.weight(`${name}/${port}/${what}`));
  const matrix = constant(stack(learned('weight'), widest * width), [dense.length, widest, width]);
  const bias = constant(stack(learned('bias')), [dense.length, 1, width]);
  return transpose(relu(add(matmul(blocks, matrix), bias)), [1, 0, 2]);
}

/** Bags and then dense ports side by side, as [B, ports x width]. */
function embedAll(inputs: Inputs, source: Source, name: string, width: number): Tensor {
  const { bags, dense, ids, spread } = inputs;
  const parts: Tensor[] = [];
  if (bags.length > 0) parts.push(lookUp(ids, spread, tablesOf(inputs, source, name, width)));
  if (dense.length > 0) parts.push(embedDense(inputs, source, name, width));
  return reshape(concat(parts, 1), ['B', (bags.length + dense.length) * width]);
}

/** The rows of one bag's table: ids of other bags have no weight, whatever row they are led to. */
function tableOf(inputs: Inputs, source: Source, name: string, bag: Bag, width: number): Tensor {
  const { bags, ids, spread } = inputs;
  const p = bags.findIndex(({ port }) => port === bag.port);
  if (p < 0) throw new Error(`table ${name}: the graph is not fed the port ${bag.port}`);
  const own = bags.length === 1 ? ids : clip(sub(ids, bags[p]!.at), 0, bag.width - 1);
  const weights = slice(spread, 1, p, p + 1);
  const table = storeTables([source.table(name)], width, source.quantise);
  return reshape(lookUp(own, weights, table), ['B', width]);
}

/** Dense features as they are fed, where these are all of them; else joined one by one. */
function denseOf(inputs: Inputs, given: Features): Tensor {
  const mine = inputs.dense.map(({ port }) => inputs.cuts.get(port)!);
  const wanted = Object.values(given).filter((one): one is Tensor => !('form' in one));
  const same = wanted.length === mine.length && wanted.every((one, i) => one === mine[i]);
  if (same) return inputs.values;
  const width = ({ shape }: Tensor) => shape.slice(1).reduce<number>((n, d) => n * Number(d), 1);
  return concat(
    wanted.map((one) => reshape(one, ['B', width(one)])),
    1,
  );
}

/** Fitted tables of all bags that the graph is fed, which `given` must name in their order. */
function fittedTablesOf(inputs: Inputs, source: Source, name: string, given: Features): Tensor {
  const { bags, ids, spread } = inputs;
  const wanted = Object.entries(given).flatMap(([port, one]) => ('form' in one ? [port] : []));
  if (wanted.join() !== bags.map(({ port }) => port).join())
    throw new Error(`${name}: the graph is fed other bags than ${wanted.join(', ')}`);
  const tables = bags.map(({ port }) => source.weight(`${name}/${port}`));
  const width = tables[0]!.length / bags[0]!.width;
  const sums = lookUp(ids, spread, storeTables(tables, width, false));
  return reshape(sums, ['B', bags.length * width]);
}

function without(given: Features, entries: readonly [string, Feature][]): Features {
  const names = new Set(entries.map(([name]) => name));
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.has(name)));
}

/** Inputs over `ports`, and the blocks over them that hold what `source` learned. */
export function joinInputs(ports: ServedPorts, source: Source): JoinedInputs {
  const inputs = inputsOf(ports);
  const { cuts } = inputs;
  const features = Object.entries(ports).map(([port, { width }]): [string, Feature] => [
    port,
    cuts.get(port) ?? { form: 'bag', port, width },
  ]);
  const mine = Object.fromEntries(features);
  const joint = features.filter(([port]) => !inputs.own.includes(port));
  const covers = (given: Features): boolean => {
    const all = Object.entries(given);
    return all.length === joint.length && all.every(([, one], i) => one === joint[i]![1]);
  };
  return {
    features: mine,
    project(name, given, width) {
      const extra = Object.entries(given).filter(([port, one]) => mine[port] !== one);
      if (!covers(without(given, extra)) || extra.some(([, one]) => 'form' in one))
        return undefined;
      // What was computed from the ports is multiplied by itself.
      return extra.reduce(
        (sum, [port, x]) => {
          const rows = source.weight(`${name}/${port}/weight`);
          return add(sum, matmul(x as Tensor, constant(rows, [rows.length / width, width])));
        },
        projectAll(inputs, source, name, width),
      );
    },
    embed: (name, given, width) =>
      covers(given) ? embedAll(inputs, source, name, width) : undefined,
    dense: (given) => denseOf(inputs, given),
    fittedTables: (name, given) => fittedTablesOf(inputs, source, name, given),
    table: (name, bag, width) => tableOf(inputs, source, name, bag, width),
  };
}
