/** What trees read: columns of numbers and of what names tell, binned alike for all rows. */
import type { BagColumn, Column, ValuesColumn } from '../../core/column.js';
import type { FitTask } from '../expert.js';
import { type Binned, mostBins, thresholdsOf, toBins } from './bins.js';
import type { Start } from './boost.js';
import { contrastColumns, contrastMatrix } from './contrast.js';
import { valueColumns } from './inputs.js';
import { levelColumns, levelsOf, type Telling } from './level.js';
import { outputSketch, sketched } from './sketch.js';

/** Numbers that stand for a name at most. */
const levelWidth = 4;

export interface Readied {
  readonly features: readonly Binned[];
  readonly held: readonly Binned[];
  /** [contrasts, numbers]; see `contrastMatrix`. */
  readonly contrasts: Float32Array;
  /** What each name tells, by port: [ids, n]. */
  readonly tables: Readonly<Record<string, Float32Array>>;
}

/** Names are known by the slopes, at the one best answer, of the rows that bear them. */
function tellingOf(task: FitTask, { gradient, balanced }: Start): Telling {
  const { outputs, weights, part, stream } = task;
  const sketch = outputSketch(outputs, balanced, levelWidth, stream);
  const data = sketched(gradient, sketch);
  const parts = part.reduce((most, one) => Math.max(most, one), 0) + 1;
  return { width: sketch.width, data, weights, part, parts };
}

const isDense = (one: [string, Column]): one is [string, ValuesColumn] => one[1].form === 'values';
const isBag = (one: [string, Column]): one is [string, BagColumn] => one[1].form === 'bag';

/** Dense ports first, then `pairs` contrasts, then bags, each in their order: as the served graph has them. */
export function readyFeatures(task: FitTask, start: Start, pairs: number): Readied {
  const given = Object.entries(task.columns);
  const heldColumn = (port: string): Column => task.held.columns[port]!;
  const features: Binned[] = [];
  const held: Binned[] = [];
  const add = (own: Float32Array, other: Float32Array): void => {
    const thresholds = thresholdsOf(own, mostBins);
    features.push({ thresholds, bins: toBins(own, thresholds) });
    held.push({ thresholds, bins: toBins(other, thresholds) });
  };
  const dense = given.filter(isDense);
  const own = dense.map(([, column]) => column);
  const others = dense.map(([port]) => heldColumn(port) as ValuesColumn);
  const contrasts = contrastMatrix(own, pairs);
  const columnsOf = (all: readonly ValuesColumn[]) => [
    ...all.flatMap(valueColumns),
    ...contrastColumns(all, contrasts),
  ];
  const heldColumns = columnsOf(others);
  columnsOf(own).forEach((column, i) => {
    add(column, heldColumns[i]!);
  });
  const tables: Record<string, Float32Array> = {};
  const telling = tellingOf(task, start);
  for (const [port, column] of given.filter(isBag)) {
    const { table, apart } = levelsOf(column, telling);
    tables[port] = table;
    const { width, part } = telling;
    const others = levelColumns(heldColumn(port) as BagColumn, table, width);
    levelColumns(column, apart, width, part).forEach((own, i) => {
      add(own, others[i]!);
    });
  }
  return { features, held, contrasts, tables };
}
