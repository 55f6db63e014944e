/** What an id is made of says something about ids that training did not see. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ids } from './ids.js';

type Lists = (string[] | null)[];
const seen: Lists = [['libqt-dev'], ['libqt-dev'], ['qt'], ['qt'], ['perl']];

function items(lists: Lists, parts: boolean): number[][] {
  const coder = ids.open(ids.fit(seen, { minimum: 1, limit: 1000, parts }));
  const column = coder.encode(lists, ['items']).items!;
  if (column.form !== 'bag') throw new Error('items is a bag');
  return lists.map((_, row) => [
    ...column.ids.subarray(column.offsets[row]!, column.offsets[row + 1]!),
  ]);
}

test('an unseen id shares its parts with known ones', () => {
  const [known, like, other] = items([['libqt-dev'], ['libqt4-dev'], ['zzz']], true);
  expect(known!.length).toBe(3);
  expect(like!.length).toBe(2);
  expect(known).toEqual(expect.arrayContaining(like!));
  expect(other).toEqual([]);
});

test('without parts only whole ids are known', () => {
  const [known, like] = items([['libqt-dev'], ['libqt4-dev']], false);
  expect(known!.length).toBe(1);
  expect(like).toEqual([]);
});

test('an id that is one word is not counted twice, nor taken for a part', () => {
  const [whole, part] = items([['qt'], ['x-qt']], true);
  expect(whole!.length).toBe(1);
  expect(part).toEqual([]);
});

test('any list can be encoded, and the order of its ids does not matter', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (list) => {
      const [forth, back] = items([list, [...list].reverse()], true);
      expect([...forth!].sort()).toEqual([...back!].sort());
    }),
  );
});
