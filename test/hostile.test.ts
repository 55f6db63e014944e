/** The command line under a hostile caller: every fault is told, with its code, and nothing is left. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run as evaluate } from '../src/cli/verb/evaluate.js';
import { run as explain } from '../src/cli/verb/explain.js';
import { run as init } from '../src/cli/verb/init.js';
import { run as predict } from '../src/cli/verb/predict.js';
import { run as train } from '../src/cli/verb/train.js';
import { MonbanError } from '../src/core/fault.js';
import { openBundle } from '../src/mixture/bundle.js';
import { saveBundle } from '../src/mixture/save.js';
import { train as trainRows } from '../src/train/train.js';
import { animals, small } from './animals.js';

const verbs = { init, train, evaluate, predict, explain };
const folder = mkdtempSync(join(tmpdir(), 'monban-hostile-'));
const at = (...names: string[]): string => join(folder, ...names);

beforeAll(async () => {
  saveBundle(await trainRows(small(1), animals(60)), at('model'));
  const write = (name: string, text: string) => writeFileSync(at(name), text);
  write('rows.csv', 'say,weight,eats,animal\nmeow,4,meat,cat\nmoo,500,grass,cow\n');
  write('typo.csv', 'say,wieght,eats,animal\nmeow,4,meat,cat\n');
  write('bare.csv', 'say,weight,eats\nmeow,4,meat\n');
  write('other.csv', 'p,q\n1,2\n');
  write('words.csv', 'weight,animal\nheavy,cat\n');
  write('empty.csv', '');
  write('head.csv', 'say,weight\n');
  write('cut.jsonl', '{"say": "moo"}\n{"say": ');
  write('cut.parquet', 'PAR1 and no more');
  write('foreign.parquet', '\u0000\u0001\u0002');
  write('one.csv', 'a,y\n1,x\n2,x\n');
  write('null.csv', 'a,y\n1,\n2,\n');
  write(
    'bad.yaml',
    'data: { source: rows.csv, target: animal }\nfields: { say: txet }\nexprts: {}\n',
  );
  write('list.json', '[1, 2]');
  write('file', 'not a folder');
  mkdirSync(at('full'));
  write('full/mine.txt', 'precious');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Case = [verb: keyof typeof verbs, args: string[], options: object, message: RegExp];

const cases: Case[] = [
  ['predict', ['model', 'nothing.csv'], {}, /nothing\.csv: expected a data file, got no such file/],
  ['predict', ['model', 'empty.csv'], {}, /empty\.csv: .*an empty file/],
  ['predict', ['model', 'head.csv'], {}, /at least one row, got none/],
  ['predict', ['model', 'cut.jsonl'], {}, /cut\.jsonl \(line \d\)/],
  ['predict', ['model', 'cut.parquet'], {}, /the file is cut off/],
  ['predict', ['model', 'foreign.parquet'], {}, /got binary data/],
  ['predict', ['model', 'typo.csv'], {}, /expected a column "weight".*did you mean "wieght"/],
  ['predict', ['model', 'other.csv'], {}, /a column "say"[\s\S]*a column "eats"/],
  ['predict', ['model', 'words.csv'], {}, /weight, record 1: expected a number/],
  ['predict', ['model', 'rows.csv'], { out: 'answers.xlsx' }, /\.parquet, \.csv or \.jsonl/],
  ['evaluate', ['model', 'bare.csv'], {}, /expected a column "animal"/],
  ['evaluate', ['nowhere', 'rows.csv'], {}, /the folder of a bundle, got no such folder/],
  ['evaluate', ['file', 'rows.csv'], {}, /the folder of a bundle, got a file/],
  ['explain', ['model', 'list.json'], {}, /record: expected a JSON object, got \[1,2\]/],
  ['init', ['rows.csv'], { target: 'animl', out: 'new.yaml' }, /did you mean "animal"/],
  ['init', ['one.csv'], { target: 'y', out: 'new.yaml' }, /two different values, got only "x"/],
  ['init', ['null.csv'], { target: 'y', out: 'new.yaml' }, /got only missing values/],
  ['init', ['rows.csv'], { target: 'animal', out: 'bad.yaml' }, /got an existing one; add --force/],
  ['train', ['bad.yaml'], { out: 'new' }, /say\.kind \(line 2\)[\s\S]*exprts \(line 3\)/],
  ['train', ['none.yaml'], { out: 'new' }, /expected a spec in YAML, got no such file/],
];

/** Runs a verb where the files are; gives the error that it ends with. */
async function faultOf(verb: keyof typeof verbs, args: string[], options: object) {
  const names = args.map((arg) => at(arg));
  const out = (options as { out?: string }).out;
  const all = { ...options, ...(out === undefined ? {} : { out: at(out) }) };
  return verbs[verb](names, all).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test.each(cases)('%s %j %j', async (verb, args, options, message) => {
  const before = readdirSync(folder, { recursive: true });
  const error = await faultOf(verb, args, options);
  expect(error).toBeInstanceOf(MonbanError);
  expect((error as MonbanError).message).toMatch(message);
  expect((error as MonbanError).exitCode).toBe(2);
  expect(readdirSync(folder, { recursive: true })).toEqual(before);
});

test('every file of a bundle is guarded: missing, empty, cut or changed in one bit', () => {
  const files = ['bundle.json', ...openBundle(at('model')).manifest.files.map(({ path }) => path)];
  const copy = at('copy');
  const damage: ((path: string, bytes: Buffer) => void)[] = [
    (path) => rmSync(path),
    (path) => writeFileSync(path, ''),
    (path, bytes) => writeFileSync(path, bytes.subarray(0, bytes.length >> 1)),
    (path, bytes) => {
      // A letter or digit into another, so that the manifest stays JSON.
      const place = bytes.findIndex((byte, i) => i > bytes.length / 10 && byte >= 48 && byte < 57);
      bytes[Math.max(0, place)]! ^= 1;
      writeFileSync(path, bytes);
    },
  ];
  for (const file of files) {
    for (const spoil of damage) {
      cpSync(at('model'), copy, { recursive: true });
      spoil(join(copy, file), readFileSync(join(copy, file)));
      expect(() => openBundle(copy)).toThrow(/expected a whole Monban bundle/);
      rmSync(copy, { recursive: true });
    }
  }
});

test('a bundle is written over nothing but a bundle', () => {
  const bundle = openBundle(at('model'));
  const before = readdirSync(folder, { recursive: true }).sort();
  for (const place of ['', '.', process.cwd(), '/', at('full'), at('file'), at('file', 'in')])
    expect(() => saveBundle(bundle, place)).toThrow(/nothing but a bundle/);
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
  saveBundle(bundle, at('model'));
  writeFileSync(at('model', 'notes.txt'), 'mine');
  expect(() => saveBundle(bundle, at('model'))).toThrow(/notes\.txt/);
  rmSync(at('model', 'notes.txt'));
});

test.each([
  ['csv', 40],
  ['jsonl', 40],
  ['parquet', 1],
  ['parquet', 14],
])('a disk that is full ends with 1 and leaves nothing: %s at %i KB', (ending, most) => {
  const rows = ['say', ...Array.from({ length: 3000 }, () => 'meow')].join('\n');
  writeFileSync(at('many.csv'), `${rows}\n`);
  const before = readdirSync(folder, { recursive: true });
  const out = at(`answers.${ending}`);
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', `trap '' XFSZ; ulimit -f ${most}; exec "$0" "$@"`, process.execPath].concat([
      resolve('bin/monban.mjs'),
      'predict',
      at('model'),
      at('many.csv'),
      '--out',
      out,
    ]),
    { encoding: 'utf8' },
  );
  expect(stderr).toContain(`answers.${ending}: expected to be able to write it, got EFBIG`);
  expect(stderr).toContain('raise the limit');
  expect(status).toBe(1);
  expect(readdirSync(folder, { recursive: true })).toEqual(before);
});

test.skipIf(!existsSync('/dev/full'))('output that is lost is a failure', () => {
  const command = [process.execPath, resolve('bin/monban.mjs'), 'predict', at('model')];
  const shell = ['-c', 'exec "$0" "$@" > /dev/full', ...command, at('rows.csv')];
  const { status, stderr } = spawnSync('bash', shell, { encoding: 'utf8' });
  expect(stderr).toContain('standard output: expected to be able to write it, got ENOSPC');
  expect(status).toBe(1);
});
