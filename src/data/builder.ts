/** Gathers decoded vectors into one column. */
import type { Vector } from '@duckdb/node-bindings';
import { type ColumnInfo, holdsDoubles, type Values } from './column.js';
import { readDoubles, readLists, readTexts } from './vector.js';

/** One column that grows vector by vector. */
export interface Builder {
  add(vector: Vector, rows: number): void;
  /** The rows so far, or none; the builder is empty afterwards. */
  take(): Values;
}

function numberBuilder(): Builder {
  let blocks: Float64Array[] = [];
  let total = 0;
  return {
    add(vector, rows) {
      const block = new Float64Array(rows);
      readDoubles(vector, rows, block, 0);
      blocks.push(block);
      total += rows;
    },
    take() {
      const whole = blocks.length === 1 ? blocks[0]! : new Float64Array(total);
      let at = 0;
      for (const block of blocks) {
        if (block !== whole) whole.set(block, at);
        at += block.length;
      }
      blocks = [];
      total = 0;
      return whole;
    },
  };
}

function itemBuilder<T>(read: (vector: Vector, rows: number) => T[]): Builder {
  let items: T[] = [];
  return {
    add(vector, rows) {
      for (const item of read(vector, rows)) items.push(item);
    },
    take() {
      const whole = items;
      items = [];
      return whole as unknown as Values;
    },
  };
}

/** The builder for a column's storage. */
export function builderOf(column: ColumnInfo): Builder {
  if (column.storage === 'number') return numberBuilder();
  if (column.storage === 'text') return itemBuilder(readTexts);
  const doubles = holdsDoubles(column.type);
  return itemBuilder((vector, rows) => readLists(vector, rows, doubles));
}
