/** Specs: every fault at once, with lines, the nearest names and what to do. */
import { expect, test } from 'vitest';
import { MonbanError } from '../core/fault.js';
import { parseSpec } from './spec-file.js';

function faultsOf(yaml: string): string {
  try {
    parseSpec(yaml, 'monban.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(MonbanError);
    return (error as Error).message;
  }
  throw new Error('no fault was found');
}

const good = `
data: { source: a.parquet, target: y }
fields: { a: number, b: text }
experts: { linear: linear, words: { kind: text, width: 32 } }
`;

test('defaults are filled in', () => {
  const { spec, experts, gate } = parseSpec(good, 'monban.yaml');
  expect(spec.training.seed).toBe(0);
  expect(experts[1]!.config).toMatchObject({ width: 32, hidden: 128 });
  expect([gate.kind, gate.pool, gate.topK]).toEqual(['auto', 'auto', 'auto']);
});

test('all faults of the schema at once, with lines', () => {
  const message = faultsOf(`data:
  source: a.parquet
  targt: y
fields: { a: number }
experts: { linear: linear }
training: { seed: "7", holdout: 20 }
`);
  expect(message).toContain('data.targt (line 3)');
  expect(message).toContain('did you mean "target"?');
  expect(message).toContain(
    'training.seed (line 6): expected a whole number of at least 0, got "7"; write 7 without quotes',
  );
  expect(message).toContain('write 0.2 for 20 %');
});

test('all faults of names and kinds at once', () => {
  const message = faultsOf(`data: { source: a.parquet, target: y }
fields: { a: nubmer, y: text }
experts:
  words: { kind: text, width: "64", reads: [aa] }
  odd: tabulr
gate: { kind: mlp, widht: 3, shared: word }
reward: { experts: { wordz: 1 } }
`);
  for (const part of [
    'fields.a.kind (line 2)',
    'did you mean "number"?',
    'fields.y (line 2): expected an input, not the target',
    'experts.words.reads[0] (line 4)',
    'did you mean "a"?',
    'experts.words.width (line 4): expected a whole number of at least 1, got "64"; write 64 without quotes',
    'experts.odd.kind (line 5)',
    'did you mean "tabular"?',
    'gate.widht (line 6)',
    'did you mean "width"?',
    'gate.shared (line 6)',
    'did you mean "words"?',
    'reward.experts.wordz (line 7)',
  ])
    expect(message).toContain(part);
});

test('broken YAML and an empty file name the place', () => {
  expect(faultsOf('data: [1, 2\nfields: {}')).toMatch(
    /monban\.yaml \(line \d\): expected valid YAML/u,
  );
  expect(faultsOf('')).toContain('data: expected a table of names and values');
});
