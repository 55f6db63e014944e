/** The store of rows: a file gives what memory gives, and leaves nothing behind. */
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { Columns } from '../core/column.js';
import type { Values } from '../data/column.js';
import { encoders } from '../encoder/encoders.js';
import { blockWriter, createBlocks, readBlock } from './block-file.js';
import { encodeField, joinPacked, type Packed, takePacked } from './packed.js';
import { openSource, type Source } from './source.js';
import { keepRows } from './store.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const number = encoders.get('number');
const state = number.fit(Float64Array.of(0, 1, 2, 3, 5, 8), { bins: 3 });
const coder = number.open(state);
const quick = [{ name: 'n', column: 'n', kind: 'number', state }];
const ports = ['n:value', 'n:steps', 'w:words', 'p:pixels'];

const row = fc.record({
  n: fc.oneof(fc.double({ noNaN: true, min: -9, max: 9 }), fc.constant(Number.NaN)),
  words: fc.array(fc.nat(30), { maxLength: 5 }),
  pixel: fc.float({ noNaN: true }),
});
type Row = typeof row extends fc.Arbitrary<infer R> ? R : never;

/** Rows as they are kept, the number as it is or encoded. */
function packed(rows: readonly Row[], asItIs: boolean): Packed {
  const values = Float64Array.from(rows, ({ n }) => n);
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach(({ words }, i) => {
    offsets[i + 1] = offsets[i]! + words.length;
  });
  const ids = Int32Array.from(rows.flatMap(({ words }) => words));
  const weights = Float32Array.from(ids, (id) => 1 / (id + 1));
  const data = Float32Array.from(rows.flatMap(({ pixel }) => [pixel, -pixel]));
  const columns: Columns = {
    ...(asItIs ? {} : encodeField(coder, 'n', values as Values, ports)),
    'w:words': { form: 'bag', width: 31, ids, weights, offsets },
    'p:pixels': { form: 'values', width: 2, own: true, data },
  };
  return { rows: rows.length, values: asItIs ? { n: values } : {}, columns };
}

async function* blocksOf(rows: readonly Row[], size = 2) {
  for (let from = 0; from < rows.length; from += size)
    yield packed(rows.slice(from, from + size), true);
}

function keep(rows: readonly Row[], memory: number, heldOut = new Int32Array(0)) {
  return keepRows({
    ...{ rows: rows.length, heldOut, blockRows: 4, memory, quick, bytes: 100 },
    packed: (size) => blocksOf(rows, size),
  });
}

/** What a batch of these rows would hold, port by port. */
function read(source: Source, rows: Int32Array): unknown {
  source.load(rows);
  const { columns, at } = source.pick(rows);
  return ports.map((port) => {
    const all = { rows: 0, values: {}, columns: { [port]: columns[port]! } };
    return takePacked(all, at(port)).columns[port];
  });
}

test('rows from a file and from memory are those that are encoded all at once', async () => {
  const some = fc.array(row, { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(some, fc.array(fc.nat(1000), { minLength: 1 }), async (rows, picks) => {
      const wanted = Int32Array.from(picks, (pick) => pick % rows.length);
      const heldOut = Int32Array.from(new Set(wanted)).sort();
      const encoded = { quick: [], packed: packed(rows, false) };
      const expected = read(openSource(encoded, ports), wanted);
      const stores = await Promise.all([0, 1e9].map((memory) => keep(rows, memory, heldOut)));
      expect(stores.map(({ source }) => 'index' in source)).toEqual([true, false]);
      for (const { source, held, placeOf } of stores) {
        expect(read(openSource(source, ports), wanted)).toEqual(expected);
        expect(read(openSource(held, ports), wanted.map(placeOf))).toEqual(expected);
      }
      expect(stores[0]!.lengths).toEqual(stores[1]!.lengths);
      for (const store of stores) store.close();
    }),
    { numRuns: 30 },
  );
});

test('blocks are read back as they were written', () => {
  const rows: Row[] = [1, 2, 3, 4, 5].map((n) => ({ n, words: [n, n], pixel: n }));
  const blocks = createBlocks(2, folder);
  const parts = [
    packed(rows.slice(0, 2), true),
    packed(rows.slice(2, 4), true),
    packed(rows.slice(4), true),
  ];
  for (const part of parts) blocks.add(part);
  const index = blocks.index();
  const back = parts.map((_, block) => readBlock(index, block, ['n'], ['w:words', 'p:pixels']));
  expect(joinPacked(back)).toEqual(packed(rows, true));
  expect(back).toEqual(parts);
  blocks.close();
});

test.skipIf(process.platform === 'win32')(
  'an open file of rows has no name that could stay',
  () => {
    const blocks = createBlocks(4, folder);
    expect(readdirSync(folder)).toEqual([]);
    blocks.close();
  },
);

test('a store that fails while it is filled lets go of its file', async () => {
  const before = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0;
  const failing = {
    ...{ rows: 8, heldOut: new Int32Array(0), blockRows: 4, memory: 0, quick },
    bytes: 1,
    async *packed() {
      yield packed([{ n: 1, words: [], pixel: 0 }], true);
      throw new Error('the data broke off');
    },
  };
  await expect(keepRows(failing)).rejects.toThrow('the data broke off');
  if (before > 0) expect(readdirSync('/proc/self/fd').length).toBe(before);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is said to be full', () => {
  const file = openSync('/dev/full', 'w');
  const blocks = blockWriter(file, 4, 'the folder');
  const add = () => blocks.add(packed([{ n: 1, words: [2], pixel: 3 }], true));
  expect(add).toThrow(
    /^the folder: expected room for the rows .* ENOSPC; .*TMPDIR.*training.memory/,
  );
  closeSync(file);
});
