/** Turns paths, globs and queries into one relation of DuckDB. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { MonbanError } from '../core/fault.js';
import { csvOptions, findDelimiter, rawCsvOptions, splitCells } from './csv.js';
import type { Engine } from './engine.js';
import { checkDuplicates, checkQueryNames, checkSchemas, describeColumns } from './schema.js';
import { type Sniffed, sniff } from './sniff.js';
import { quoteText, quoteTexts } from './sql.js';

/** A path, a glob, several of them, or a DuckDB query. */
export type Source = string | readonly string[] | { readonly query: string };

/** A SELECT that gives the rows, and how errors name it. */
export interface Relation {
  readonly sql: string;
  readonly where: string;
  /** True where it must run just once: a second run may give other rows, or costs as much again. */
  readonly once: boolean;
}

interface File extends Sniffed {
  readonly path: string;
}

/** Text up to this size is parsed once and kept: every query would find out its types again. */
const keptBelow = 128 * 1024 * 1024;
/** How much larger text is than its compressed form, for an estimate. */
const packing = 8;

const remote = /^[a-z][a-z0-9+.-]+:\/\//i;
const names: Readonly<Record<Sniffed['format'], string>> = {
  parquet: 'a readable Parquet file',
  csv: 'CSV with a header and the same number of cells in every row',
  json: 'one JSON object per line, or an array of objects',
};

/** Finds the files or checks the query; throws MonbanError for whatever cannot be read. */
export async function resolveSource(
  engine: Engine,
  source: Source,
  base: string,
): Promise<Relation> {
  if (typeof source === 'object' && 'query' in source) return queryRelation(engine, source.query);
  const patterns = typeof source === 'string' ? [source] : source;
  const found = await Promise.all(patterns.map((pattern) => expand(engine, pattern, base)));
  const files = found.flat().map((path) => ({ path, ...sniff(path) }));
  const first = files[0];
  if (first === undefined) throw pathFault('data', 'an empty list', 'name at least one file');
  const other = files.find((file) => file.format !== first.format);
  if (other !== undefined) {
    const found = `${other.format} beside ${first.format}`;
    throw pathFault(
      other.path,
      found,
      'use files of one format, or a query with UNION ALL BY NAME',
    );
  }
  await checkFiles(engine, files);
  const once = first.format !== 'parquet' && sizeOf(files) <= keptBelow;
  return { sql: `SELECT * FROM ${reader(files)}`, where: patterns.join(', '), once };
}

async function queryRelation(engine: Engine, query: string): Promise<Relation> {
  const sql = query.trim().replace(/;\s*$/, '');
  if (sql === '') {
    const todo = 'write a SELECT';
    throw new MonbanError({ where: 'query', expected: 'a query', found: 'nothing', todo });
  }
  checkQueryNames('query', await engine.selected(sql, { where: 'query' }));
  return { sql, where: 'query', once: true };
}

function pathFault(where: string, found: string, todo: string): MonbanError {
  return new MonbanError({ where, expected: 'a data file', found, todo });
}

/** Hides the glob characters of a path that exists from DuckDB. */
function literal(path: string): string {
  return path.replaceAll(/[[*?]/g, '[$&]');
}

async function expand(engine: Engine, pattern: string, base: string): Promise<string[]> {
  if (remote.test(pattern)) {
    throw pathFault(pattern, 'an address', 'download the file first and give its local path');
  }
  const path = resolve(base, pattern);
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) return [path];
    throw pathFault(pattern, 'a folder', `name its files, such as ${pattern}/*.parquet`);
  }
  if (!/[*?[]/.test(pattern)) {
    throw pathFault(pattern, 'no such file', `check the path; it is looked up in ${base}`);
  }
  const sql = `SELECT file FROM glob(${quoteText(path)}) ORDER BY file`;
  const files = (await engine.rows(sql, { where: pattern })).map((row) => String(row.file));
  if (files.length > 0) return files;
  throw pathFault(pattern, 'no file that matches', `check the pattern; it is looked up in ${base}`);
}

/** Bytes of the files when they are unpacked, roughly. */
function sizeOf(files: readonly File[]): number {
  const factor = (path: string) => (/\.(gz|zst)$/i.test(path) ? packing : 1);
  return files.reduce((sum, { path, bytes }) => sum + bytes * factor(path), 0);
}

/** The table function that reads files of one format. */
function reader(files: readonly File[]): string {
  const list = quoteTexts(files.map((file) => literal(file.path)));
  const { format, header } = files[0]!;
  const ends = new Set(files.map(({ lineEnd }) => lineEnd));
  const lineEnd = ends.size === 1 ? files[0]!.lineEnd : '';
  if (format === 'parquet') return `read_parquet(${list}, union_by_name = true)`;
  if (format === 'json') return `read_json_auto(${list}, union_by_name = true, sample_size = -1)`;
  const bytes = sizeOf(files);
  return `read_csv(${list}, union_by_name = true${csvOptions({ header, lineEnd }, bytes)})`;
}

/** Describes every file by itself, so that an error names the one that is wrong. */
async function checkFiles(engine: Engine, files: readonly File[]): Promise<void> {
  const schemas = [];
  for (const file of files) {
    const columns = await describeFile(engine, file);
    checkDuplicates(file.path, columns, await originalNames(engine, file));
    schemas.push({ file: file.path, columns });
  }
  checkSchemas(schemas);
}

async function describeFile(engine: Engine, file: File) {
  const context = { where: file.path, expected: names[file.format] };
  try {
    return await describeColumns(engine, `SELECT * FROM ${reader([file])}`, context);
  } catch (error) {
    if (file.format === 'csv' && file.header !== '') await locateCsvError(engine, file);
    throw error;
  }
}

/** Reads a CSV file that could not be understood as plain texts: that error names the line. */
async function locateCsvError(engine: Engine, file: File): Promise<void> {
  const options = rawCsvOptions(file);
  const sql = `SELECT count(*) FROM read_csv(${quoteText(literal(file.path))}${options})`;
  const todo = 'mend that line, or quote cells that hold the delimiter';
  await engine.rows(sql, { where: file.path, expected: names.csv, todo });
}

async function originalNames(engine: Engine, file: File): Promise<readonly string[]> {
  if (file.format === 'csv') return splitCells(file.header, findDelimiter(file.header));
  if (file.format === 'json') return [];
  const sql = `SELECT name FROM parquet_schema(${quoteText(literal(file.path))})`;
  return (await engine.rows(sql, { where: file.path })).map((row) => String(row.name));
}
