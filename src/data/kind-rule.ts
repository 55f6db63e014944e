/** Rules of thumb that choose the kind of a field from what its column holds. */
import { show } from '../core/fault.js';
import type { ListProfile, Profile } from './profile.js';

export type InferredKind =
  | 'number'
  | 'category'
  | 'text'
  | 'ids'
  | 'series'
  | 'image'
  | 'time'
  | 'log'
  | 'skip';

/** A kind, and why in a few words. */
export interface Verdict {
  readonly kind: InferredKind;
  readonly reason: string;
}

type Rule = (profile: Profile) => Verdict | undefined;

/** Below this many distinct values nothing is taken for an identifier or for free text. */
const few = 50;
const identifierName = /(^|[\s_.-])(id|uuid|guid|key|no|nr)$|[a-z](Id|ID|Key)$/i;
const codeName = /(^|[\s_.-])(id|code|zip|zipcode|postcode|plz)$|[a-z](Id|Code)$/i;

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const nothing: Rule = ({ present, distinct, rows }) => {
  if (present === 0) return { kind: 'skip', reason: 'has no values' };
  if (distinct > 1 || present < rows) return undefined;
  return { kind: 'skip', reason: 'has the same value in every row' };
};

/** Why lists that are nearly numbers are no series, for whoever thought that they were. */
function oddItems({ items, cells, example }: NonNullable<ListProfile['mixed']>): string {
  const are = cells === 1 ? 'is no number' : 'are no numbers';
  return `a series but that ${cells} of ${items} items ${are}, such as ${show(example)}`;
}

const lists: Rule = ({ column, lists: profile }) => {
  if (profile === undefined) return undefined;
  const { shortest, longest, mixed } = profile;
  const element = column.type.replace(/\[\d*\]$/, '');
  if (mixed !== undefined) return { kind: 'ids', reason: `lists of texts; ${oddItems(mixed)}` };
  if (!/INT|FLOAT|DOUBLE|DECIMAL/.test(element)) return { kind: 'ids', reason: 'lists of texts' };
  const sides = [Math.sqrt(longest), Math.sqrt(longest / 3)];
  const square = longest >= 64 && sides.some(Number.isInteger);
  if (element === 'UTINYINT' && shortest === longest && square) {
    return { kind: 'image', reason: `${longest} bytes in every row, a square image` };
  }
  return { kind: 'series', reason: `lists of ${shortest} to ${longest} numbers` };
};

const times: Rule = ({ column, texts }) => {
  if (/^(DATE|TIME)/.test(column.type)) return { kind: 'time', reason: `of type ${column.type}` };
  if (texts === undefined || texts.times < 0.95) return undefined;
  const reason = `${percent(texts.times)} of the texts are dates or times`;
  const { cells, example } = texts.untimed;
  if (cells === 0) return { kind: 'time', reason };
  const are = cells === 1 ? '1 is none' : `${cells} are none`;
  return { kind: 'time', reason: `${reason}; ${are}, such as ${show(example)}` };
};

const images: Rule = ({ texts }) =>
  texts !== undefined && texts.images >= 0.9
    ? { kind: 'image', reason: `${percent(texts.images)} of the values are images` }
    : undefined;

const binary: Rule = ({ column }) =>
  /^(BLOB|BIT|GEOMETRY)/.test(column.type)
    ? { kind: 'skip', reason: `binary data of type ${column.type}` }
    : undefined;

const counters: Rule = ({ numbers, distinct, present, column }) => {
  if (numbers === undefined || !numbers.whole || distinct <= few) return undefined;
  const { min, max, stepsOfOne, rising } = numbers;
  const repeated = distinct < 0.98 * present;
  if ((min >= 1800 && max <= 2200) || (max <= 366 && repeated)) return undefined;
  const filled = distinct / (max - min + 1);
  const counting = stepsOfOne > 0.9 || (filled > 0.9 && stepsOfOne > 0.4);
  if (counting && rising > 0.9) {
    return { kind: 'skip', reason: 'counts up from row to row' };
  }
  // Draws at random would leave gaps: an average of 2.5 rows per value fills 92 % of them.
  if (min >= 0 && min <= 1 && filled > 0.98 && distinct > 0.4 * present) {
    return { kind: 'skip', reason: `every number from ${min} to ${max}, a position in a list` };
  }
  if (!repeated && (filled > 0.9 || identifierName.test(column.name))) {
    return { kind: 'skip', reason: 'a different whole number in every row, an identifier' };
  }
  return undefined;
};

const codes: Rule = ({ numbers, column, distinct, present }) =>
  numbers?.whole === true && codeName.test(column.name) && distinct < 0.5 * present
    ? { kind: 'category', reason: `${distinct} whole numbers that are codes by their name` }
    : undefined;

const numbers: Rule = ({ numbers: profile, distinct }) => {
  if (profile === undefined) return undefined;
  const { marks } = profile;
  if (marks === undefined) return { kind: 'number', reason: `${distinct} numbers` };
  const texts = marks.texts.join(' ');
  const cells = marks.cells === 1 ? '1 cell counts' : `${marks.cells} cells count`;
  return { kind: 'number', reason: `${distinct} numbers; ${cells} as missing: ${texts}` };
};

const logs: Rule = ({ texts, distinct, present }) =>
  texts !== undefined && texts.logs > 0.5 && texts.words >= 4 && distinct > 0.3 * present
    ? { kind: 'log', reason: `${percent(texts.logs)} of the texts look like log lines` }
    : undefined;

const identifiers: Rule = ({ texts, distinct, present }) => {
  if (texts === undefined || texts.words >= 1.5 || distinct <= few) return undefined;
  const ratio = distinct / present;
  if (ratio < 0.3) return undefined;
  if (texts.sharedWords > 0.5) {
    return { kind: 'text', reason: `${distinct} names that share words with one another` };
  }
  const reason = `${distinct} codes in ${present} rows, an identifier`;
  return { kind: 'skip', reason };
};

const prose: Rule = ({ texts, distinct, present }) => {
  if (texts === undefined) return undefined;
  const ratio = distinct / present;
  const { words, length } = texts;
  const long = words >= 3 && ratio > 0.1 && distinct > few;
  const varied = words >= 1.5 && ratio > 0.4 && (distinct > few || words >= 4);
  if (!long && !varied) return undefined;
  const reason = `${words.toFixed(1)} words and ${Math.round(length)} characters on average`;
  return { kind: 'text', reason: `${reason}, ${percent(ratio)} of them different` };
};

const categories: Rule = ({ distinct, present }) => ({
  kind: 'category',
  reason: `${distinct} different values in ${present} rows`,
});

/** The first rule that has an answer decides. */
const rules: readonly Rule[] = [
  nothing,
  lists,
  images,
  binary,
  times,
  counters,
  codes,
  numbers,
  logs,
  identifiers,
  prose,
  categories,
];

/** The kind of a field and the reason for it. */
export function judge(profile: Profile): Verdict {
  for (const rule of rules) {
    const verdict = rule(profile);
    if (verdict !== undefined) return verdict;
  }
  return categories(profile)!;
}
