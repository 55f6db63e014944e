/** Trains weights and tables step by step: a run for loss and gradients, then the optimisers. */
import type { BagColumn } from '../core/column.js';
import { MonbanError } from '../core/fault.js';
import { random } from '../core/random.js';
import { type StepParts, trainingStep } from '../tensor/step.js';
import type { Draw, Learned } from '../tensor/trace.js';
import { type AdamOptions, adamScalars } from './adam.js';
import { fillDraw } from './draw.js';
import { type FlatWeights, flatten } from './flat.js';
import { type Arrays, type Numbers, openSession, type Session } from './session.js';
import { makeTables, rowsOf, sum, type Table, update } from './table.js';

export interface OptimiserOptions {
  /** Learning rate of the weights (AdamW). */
  readonly rate: number;
  /** Learning rate of the tables (row-wise Adagrad). */
  readonly tableRate: number;
  readonly weightDecay: number;
  /** The largest norm of the gradient of all weights. */
  readonly clip: number;
  readonly beta1?: number;
  readonly beta2?: number;
  /** Pulls the touched rows of tables to zero. */
  readonly tableDecay?: number;
}

export interface TrainerParts extends StepParts {
  readonly draws: readonly Draw[];
  readonly seed: number;
  readonly optimiser: OptimiserOptions;
  /** Values to start from instead of those that the weights' own starts give. */
  readonly initial?: Partial<Learned>;
}

export interface Batch {
  /** Arrays by input name; those that the graph does not read are ignored. */
  readonly feeds: Arrays;
  /** Bag columns by port, of which `rows` are this batch. */
  readonly bags: Readonly<Record<string, BagColumn>>;
  /** [B] */
  readonly rows: Int32Array;
  /** Multiplies both learning rates. */
  readonly rateFactor: number;
}

export interface StepResult {
  readonly loss: number;
  readonly extra: Record<string, Float32Array>;
  /** Of all weights together, before clipping. */
  readonly gradientNorm: number;
}

/** Rows of the tables over a port, by port. */
export type Kept = Readonly<Record<string, Int32Array>>;

/** Everything that a run needs to go on and arrive at the same bytes. */
export interface TrainerState {
  readonly step: number;
  readonly weights: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly tables: Readonly<Record<string, { data: Float32Array; accumulators: Float32Array }>>;
}

export interface Trainer {
  /** One optimiser step; throws MonbanError when the loss or the gradient is not finite. */
  step(batch: Batch): Promise<StepResult>;
  /** Copies of what was learned; of the tables over a port only the rows `kept`, where given. */
  values(kept?: Kept): Learned;
  /** Puts back values; the optimiser's moments stay. */
  restore(values: Learned): void;
  /** Copies of everything. */
  state(): TrainerState;
  load(state: TrainerState): void;
  /** Begins anew as a new trainer of this seed would; the graphs, which are costly, stay open. */
  restart(seed: number): void;
  close(): Promise<void>;
}

interface Engine {
  parts: TrainerParts;
  readonly forwardBackward: Session;
  flat: FlatWeights;
  tables: ReadonlyMap<string, Table>;
  /** Arrays kept between steps of the same size. */
  plan: Plan;
  step: number;
}

interface Plan {
  readonly rows: number;
  readonly feeds: Record<string, Numbers>;
  readonly fetches: Record<string, Numbers>;
}

function makePlan(parts: TrainerParts, flat: FlatWeights, rows: number): Plan {
  const feeds: Record<string, Numbers> = { ...flat.feeds };
  const fetches: Record<string, Numbers> = { ...flat.fetches };
  fetches.loss = { data: new Float32Array(1), dims: [] };
  const array = (dims: number[]): Numbers => ({
    data: new Float32Array(dims.reduce((a, b) => a * b, 1)),
    dims,
  });
  for (const { name, width } of parts.tables) {
    feeds[`table:${name}`] = array([rows, width]);
    fetches[`gradient:table:${name}`] = array([rows, width]);
  }
  for (const { name, shape } of parts.draws) {
    feeds[name] = array(shape.map((dim) => (typeof dim === 'number' ? dim : rows)));
  }
  return { rows, feeds, fetches };
}

function checkFinite(value: number, what: string, step: number): void {
  if (Number.isFinite(value)) return;
  throw new MonbanError(
    {
      where: 'training',
      expected: `a finite ${what}`,
      found: `${value} at step ${step + 1}`,
      todo: 'lower the learning rate, or look for extreme values in the fields',
    },
    1,
  );
}

function bagOf(batch: Batch, port: string): BagColumn {
  const bag = batch.bags[port];
  if (bag === undefined) throw new Error(`no bags for the port ${port}`);
  return bag;
}

function feedStep({ parts, tables, plan, step }: Engine, batch: Batch): Arrays {
  for (const { name, port } of parts.tables) {
    const target = plan.feeds[`table:${name}`]!.data as Float32Array;
    sum(tables.get(name)!, bagOf(batch, port), batch.rows, target);
  }
  for (const draw of parts.draws) {
    const stream = random(parts.seed, `${draw.name}/${step}`);
    fillDraw(draw, stream, plan.feeds[draw.name]!.data as Float32Array);
  }
  return { ...plan.feeds, ...batch.feeds };
}

function updateWeights({ flat, parts, step }: Engine, rateFactor: number): number {
  if (flat.size === 0) return 0;
  const { rate, weightDecay } = parts.optimiser;
  const plan = { ...adamOptions(parts), rate: rate * rateFactor, weightDecay };
  return flat.adam.step(adamScalars(step + 1, plan));
}

async function takeStep(engine: Engine, batch: Batch): Promise<StepResult> {
  const { parts, tables, step } = engine;
  const { tableRate, tableDecay = 0 } = parts.optimiser;
  if (engine.plan.rows !== batch.rows.length) {
    engine.plan = makePlan(parts, engine.flat, batch.rows.length);
  }
  const { fetches } = engine.plan;
  const result = await engine.forwardBackward.run(feedStep(engine, batch), fetches);
  const loss = fetches.loss!.data[0] as number;
  checkFinite(loss, 'loss', step);
  const gradientNorm = updateWeights(engine, batch.rateFactor);
  checkFinite(gradientNorm, 'gradient', step);
  for (const { name, port } of parts.tables) {
    const gradient = fetches[`gradient:table:${name}`]!.data as Float32Array;
    const rate = tableRate * batch.rateFactor;
    update(tables.get(name)!, bagOf(batch, port), batch.rows, gradient, rate, { l2: tableDecay });
  }
  engine.step++;
  const names = Object.keys(parts.extra ?? {});
  const extra = names.map((name) => [name, result[`extra:${name}`]!.data as Float32Array] as const);
  return { loss, gradientNorm, extra: Object.fromEntries(extra) };
}

function copyValues({ flat, tables, parts }: Engine, kept: Kept): Learned {
  const weights: Record<string, Float32Array> = {};
  for (const [name, view] of flat.views) weights[name] = view.slice();
  const rows: Record<string, Float32Array> = {};
  for (const { name, port } of parts.tables) {
    const ids = kept[port];
    const table = tables.get(name)!;
    rows[name] = ids === undefined ? table.data.slice() : rowsOf(table, ids);
  }
  return { weights, tables: rows };
}

function restoreValues({ flat, tables }: Engine, values: Learned): void {
  for (const [name, view] of flat.views) view.set(values.weights[name]!);
  for (const [name, table] of tables) table.data.set(values.tables[name]!);
}

function copyState({ flat, tables, step }: Engine): TrainerState {
  const rows: Record<string, { data: Float32Array; accumulators: Float32Array }> = {};
  for (const [name, { data, accumulators }] of tables) {
    rows[name] = { data: data.slice(), accumulators: accumulators.slice() };
  }
  const { weights, first, second } = flat.adam;
  return {
    step,
    weights: weights.slice(),
    first: first.slice(),
    second: second.slice(),
    tables: rows,
  };
}

function loadState(engine: Engine, { step, weights, first, second, tables }: TrainerState): void {
  engine.step = step;
  const { adam } = engine.flat;
  adam.weights.set(weights);
  adam.first.set(first);
  adam.second.set(second);
  for (const [name, table] of engine.tables) {
    table.data.set(tables[name]!.data);
    table.accumulators.set(tables[name]!.accumulators);
  }
}

function tablesOf({ tables, seed, initial }: TrainerParts): Map<string, Table> {
  const specs = tables.map(({ name, rows, width, init }) => {
    const data = initial?.tables?.[name];
    const start = data === undefined ? init : { kind: 'data' as const, data };
    return { rows, width, init: start, random: random(seed, `table/${name}`) };
  });
  const made = makeTables(specs);
  return new Map(tables.map(({ name }, i) => [name, made[i]!]));
}

function adamOptions({ optimiser }: TrainerParts): AdamOptions {
  const { beta1 = 0.9, beta2 = 0.999, clip } = optimiser;
  return { beta1, beta2, clip };
}

const layOut = (parts: TrainerParts): FlatWeights =>
  flatten(parts.weights, parts.seed, adamOptions(parts), parts.initial?.weights);

/** Opens the session and lays out the weights. */
async function openEngine(parts: TrainerParts): Promise<Engine> {
  const flat = layOut(parts);
  return {
    ...{ parts, flat, step: 0 },
    forwardBackward: await openSession(trainingStep(parts).forwardBackward),
    tables: tablesOf(parts),
    plan: makePlan(parts, flat, 0),
  };
}

function restart(engine: Engine, seed: number): void {
  const parts = { ...engine.parts, seed };
  const flat = layOut(parts);
  Object.assign(engine, { parts, flat, tables: tablesOf(parts), step: 0 });
  engine.plan = makePlan(parts, flat, 0);
}

/** Makes a trainer; the same parts, seed and batches always give the same bytes. */
export async function createTrainer(parts: TrainerParts): Promise<Trainer> {
  const engine = await openEngine(parts);
  return {
    step: (batch) => takeStep(engine, batch),
    values: (kept = {}) => copyValues(engine, kept),
    restore: (values) => restoreValues(engine, values),
    state: () => copyState(engine),
    load: (state) => loadState(engine, state),
    restart: (seed) => restart(engine, seed),
    close: () => engine.forwardBackward.close(),
  };
}
