/** The contract of every field kind: absence is zeros, states are JSON, a batch is row by row. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Column } from '../core/column.js';
import type { Values } from '../data/column.js';
import type { Coder, Encoder } from './encoder.js';
import { encoders } from './encoders.js';
import { text } from './text.js';

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('データ 分析', 'ＡＢＣ', 'red', 'red wine', ''),
  fc.constantFrom(
    '1.5',
    '-3',
    'NaN',
    '1e308',
    '[1, NULL, 2]',
    '[]',
    '[',
    '{"t":"2024-01-31","v":2}',
  ),
  fc.constantFrom(
    '2024-02-30',
    '2024-02-29T23:59:60Z',
    '10000-01-01',
    'Jan  1 00:00:00',
    '99999999999',
  ),
  fc.constantFrom('GET /a/b 10.0.0.1 0x1f', '2024-01-01 ERROR [7]: lost', '<num>', '   '),
);
const values: Record<Encoder['storage'], fc.Arbitrary<Values>> = {
  number: fc
    .array(
      fc.oneof(
        fc.double(),
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1e308, 0),
      ),
      { minLength: 1, maxLength: 12 },
    )
    .map((list) => Float64Array.from(list)),
  text: fc.array(fc.option(anyText), { minLength: 1, maxLength: 12 }) as fc.Arbitrary<Values>,
  any: fc.array(
    fc.option(
      fc.oneof(
        fc.constantFrom('no-such-file.png', 'data:image/png;base64,AAAA'),
        fc.array(fc.integer({ min: 0, max: 255 }).map(String), { minLength: 64, maxLength: 65 }),
      ),
    ),
    { minLength: 1, maxLength: 12 },
  ) as fc.Arbitrary<Values>,
  list: fc.array(fc.option(fc.array(anyText, { maxLength: 5 })), {
    minLength: 1,
    maxLength: 12,
  }) as fc.Arbitrary<Values>,
};

function rowOf(column: Column, row: number): unknown[] {
  if (column.form === 'raw') return [column.data[row]];
  if (column.form === 'values')
    return [...column.data.subarray(row * column.width, (row + 1) * column.width)];
  const [from, to] = [column.offsets[row]!, column.offsets[row + 1]!];
  return [...column.ids.subarray(from, to), ...column.weights.subarray(from, to)];
}

async function checkPorts(coder: Coder, given: Values): Promise<void> {
  const column = (await coder.load?.(given))?.values ?? given;
  if (coder.load !== undefined) expect((await coder.load(column)).values).toEqual(column);
  const want = Object.keys(coder.ports);
  const encoded = coder.encode(column, want);
  for (const name of want) {
    const port = encoded[name]!;
    const { form, width, own, shape } = coder.ports[name]!;
    expect([port.form, port.width]).toEqual([form, width]);
    if (port.form === 'values') expect([port.own, port.shape]).toEqual([own, shape]);
    if (shape !== undefined) expect(shape.reduce((a, b) => a * b, 1)).toBe(width);
    if (port.form === 'raw') expect(port.data).toBe(column);
    if (port.form === 'values') expect(port.data.every(Number.isFinite)).toBe(true);
    if (port.form === 'bag') expect(port.weights.every(Number.isFinite)).toBe(true);
    if (port.form === 'bag') expect(port.ids.every((id) => id >= 0 && id < port.width)).toBe(true);
    for (let row = 0; row < column.length; row++) {
      const one = column.slice(row, row + 1) as Values;
      expect(rowOf(coder.encode(one, [name])[name]!, 0)).toEqual(rowOf(port, row));
      if (port.form !== 'raw' && !coder.present(column, row))
        expect(rowOf(port, row).every((value) => value === 0)).toBe(true);
    }
  }
}

test.each(encoders.kinds)('%s keeps the contract', async (kind) => {
  const encoder = encoders.get(kind);
  const counts = encoder.config.safeParse({ minimum: 1 });
  const config = counts.success ? counts.data : encoder.config.parse({});
  await fc.assert(
    fc.asyncProperty(values[encoder.storage], values[encoder.storage], async (seen, met) => {
      const state = await encoder.fit(seen, config);
      expect(JSON.stringify(await encoder.fit(seen, config))).toBe(JSON.stringify(state));
      await checkPorts(encoder.open(JSON.parse(JSON.stringify(state))), met);
    }),
    { numRuns: 12 },
  );
});

test('Japanese gives n-grams, and full-width letters are the same as half-width ones', () => {
  const config = text.config.parse({ minimum: 1 });
  const coder = text.open(text.fit(['機械学習の応用', 'ABC hello'], config));
  const words = (value: string) => rowOf(coder.encode([value], ['words']).words!, 0);
  expect(words('機械').length / 2).toBe(3);
  expect(words('ＡＢＣ ＨＥＬＬＯ')).toEqual(words('abc hello'));
});
