/** How a CSV file is read: strictly, so that a ragged row is an error and not a guess. */
import { quoteText, quoteTexts } from './sql.js';

const delimiters = [',', ';', '\t', '|'] as const;
/** All that DuckDB tries but BOOLEAN, which would take yes and no, and t and f, for true and false. */
const typeCandidates = [
  'NULL',
  'BIGINT',
  'DOUBLE',
  'TIME',
  'DATE',
  'TIMESTAMP',
  'TIMESTAMPTZ',
  'VARCHAR',
];
/** Up to this size every row takes part in finding the types of the columns. */
const wholeBelow = 128 * 1024 * 1024;

/** The cells of one CSV line; a quoted cell may hold the delimiter and doubled quotes. */
export function splitCells(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    if (character === delimiter && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += character;
  }
  cells.push(cell);
  return cells.map((text) =>
    text
      .replace(/^"(.*)"$/s, '$1')
      .replaceAll('""', '"')
      .trim(),
  );
}

/** The delimiter that cuts the first line into the most cells; a comma when none does. */
export function findDelimiter(line: string): string {
  let best: string = ',';
  let most = 1;
  for (const delimiter of delimiters) {
    const count = splitCells(line, delimiter).length;
    if (count > most) [best, most] = [delimiter, count];
  }
  return best;
}

/** How the first record of a file is written. */
export interface Written {
  readonly header: string;
  readonly lineEnd: string;
}

/** Where cells hold line breaks of another kind, DuckDB has to be told which ones end rows. */
function lineEndOption(lineEnd: string): string {
  if (lineEnd === '') return '';
  return `, new_line = '${lineEnd.replace('\r', '\\r').replace('\n', '\\n')}'`;
}

/** Options of DuckDB's read_csv for files that start with this record. */
export function csvOptions({ header, lineEnd }: Written, bytes: number): string {
  const dialect =
    header === '' ? '' : `, delim = ${quoteText(findDelimiter(header))}, quote = '"', escape = '"'`;
  const sample = bytes <= wholeBelow ? -1 : 500_000;
  return `${dialect}${lineEndOption(lineEnd)}, skip = 0, comment = '', null_padding = false,
    sample_size = ${sample}, auto_type_candidates = ${quoteTexts(typeCandidates)}`;
}

/** Options that read every column as text, so that an error names the first line that is wrong. */
export function rawCsvOptions({ header, lineEnd }: Written): string {
  const delimiter = findDelimiter(header);
  const columns = splitCells(header, delimiter).map((_, i) => `'c${i}': 'VARCHAR'`);
  return `, auto_detect = false, header = true, delim = ${quoteText(delimiter)}, quote = '"',
    escape = '"'${lineEndOption(lineEnd)}, columns = {${columns.join(', ')}}`;
}
