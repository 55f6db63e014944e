/** Log lines: what is masked, what becomes a template, and what an explanation calls it. */
import { expect, test } from 'vitest';
import type { BagColumn } from '../core/column.js';
import { log } from './log.js';
import { mask, tokensOf } from './mask.js';
import { matcher, mine } from './template.js';

test.each([
  [
    'Jun 21 16:47:48 srv sshd[13709]: from 192.0.2.6 port 45785',
    '<systime> srv sshd[<num>]: from <ip> port <num>',
  ],
  ['2016-11-20T12:54:02.370+0100 [conn2261] end', '<isotime> [conn<num>] end'],
  [
    '1.2.3.4 - - [31/Jan/2024:12:30:15 +0100] "GET /a/b.php?x=1"',
    '<ip> - - [<webtime>] "GET <path>?x=<num>"',
  ],
  ['key DSA 01:c0:79:41:91:31:9a:7d:95:23:91:ac:b1:6d:59:81 ok', 'key DSA <hex> ok'],
  ['at 0x7fff from 2001:db8::1 and ::1', 'at <hex> from <ip> and <ip>'],
  [
    'mail bob@example.org via https://example.org/x?y=1 id 1UlasQ',
    'mail <mail> via <url> id <num>UlasQ',
  ],
  ['f47ac10b-58cc-4372-a567-0e02b2c3d479 deadbeef01', '<uuid> <hex>'],
  ['took -3.5 ms, 1,024 bytes', 'took <num> ms, <num> bytes'],
])('masks %s', (line, masked) => {
  expect(mask(line)).toBe(masked);
  expect(mask(masked)).toBe(masked);
});

const lines = [
  'Failed password for root from 10.0.0.1 port 22',
  'Failed password for bob from 10.0.0.2 port 23',
  'Failed password for eve from 10.9.0.2 port 24',
  'Accepted key for bob from 10.0.0.2',
  'Accepted key for eve from 10.0.0.4',
  'disk full',
];
const options = { likeness: 0.4, minimum: 2, limit: 10 };
const mined = () =>
  mine(
    lines.map((line) => tokensOf(mask(line))),
    options,
  );

test('templates keep what lines share, most frequent first; rare ones are left out', () => {
  expect(mined().map(({ tokens, count }) => [tokens.join(' '), count])).toEqual([
    ['Failed password for <*> from <ip> port <num>', 3],
    ['Accepted key for <*> from <ip>', 2],
  ]);
});

test('a line finds its template, and a strange line none', () => {
  const find = matcher(mined(), options.likeness);
  expect(find(tokensOf(mask('Accepted key for zoe from 192.168.7.7')))).toBe(1);
  expect(find(tokensOf('disk full'))).toBe(-1);
  expect(find([])).toBe(-1);
});

test('the order of lines of other shapes does not matter', () => {
  const turned = mine(
    [...lines].reverse().map((line) => tokensOf(mask(line))),
    options,
  );
  expect(turned).toEqual(mined());
});

test('lines that differ in what is masked alone are one to every bag; explanations name the template', () => {
  const coder = log.open(
    log.fit(lines, log.config.parse({ raw: false }) as Parameters<typeof log.fit>[1]),
  );
  const ports = Object.keys(coder.ports).filter((port) => coder.ports[port]!.form === 'bag');
  const bags = (line: string) =>
    Object.values(coder.encode([line], ports)).map((column) => [...(column as BagColumn).ids]);
  expect(bags('Failed password for root from 10.0.0.1 port 22')).toEqual(
    bags('Failed password for root from 172.16.0.9 port 50001'),
  );
  expect(coder.group!('Accepted key for zoe from 192.168.7.7')).toBe(
    'Accepted key for <*> from <ip>',
  );
  expect(coder.group!('disk full')).toBe('no template');
});

test('words as they are lie in a bag of their own, of unit length, where they are wanted', () => {
  const portsOf = (options: object) =>
    log.open(log.fit(lines, log.config.parse(options) as Parameters<typeof log.fit>[1]));
  expect(Object.keys(portsOf({ raw: false }).ports)).not.toContain('words');
  const coder = portsOf({});
  const [one, other] = ['root from 10.0.0.1 port 22', 'root from 172.16.0.9 port 23'].map((end) =>
    coder.encode([`Failed password for ${end}`], ['phrases', 'words']),
  );
  expect(one!.phrases).toEqual(other!.phrases);
  expect(one!.words).not.toEqual(other!.words);
  for (const bag of [one!.phrases, one!.words] as BagColumn[])
    expect(bag.weights.reduce((sum, weight) => sum + weight ** 2, 0)).toBeCloseTo(1, 5);
  // Single words only: n-grams of what varies come back too seldom to be worth their rows.
  const { ids } = coder.encode(['Failed password for root'], ['words']).words as BagColumn;
  expect(ids.length).toBeLessThanOrEqual(4);
});
