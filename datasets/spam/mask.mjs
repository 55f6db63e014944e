/** Masks every mail address in the text columns of a Parquet file: node mask.mjs IN OUT */
import { DuckDBInstance } from '@duckdb/node-api';

const mask = 'masked-address';

/** Addresses as they stand in mail: plain, with entities, URL-encoded, quoted-printable, spelled. */
const patterns = [
  String.raw`(&#\d+;|[\w.+-])+&#64;(&#\d+;|[\w.-])+`,
  String.raw`[\w.+-]+ ?@ ?[\w-]+(\.[\w-]+)+`,
  String.raw`[^\s<>"'()\[\],;:|]*@[^\s<>"'()\[\],;|]+`,
  String.raw`[^\s<>"'()\[\],;:|@]+@`,
  String.raw`(%[0-9a-f]{2}|[\w.+-])+%40(%[0-9a-f]{2}|[\w.-])+`,
  String.raw`[\w.+-]+=40[a-z][\w-]*\.[a-z][\w.-]*`,
  String.raw`[\w.+-]+\s*[({\[<]\s*at\s*[)}\]>]\s*[\w-]+(\s*([({\[<]\s*dot\s*[)}\]>]|\.|\bdot\b)\s*[\w-]+)*`,
  String.raw`[\w.+-]+ at [\w-]+( dot [\w-]+)+`,
  String.raw`[\w.+-]+ at [\w-]+(\.[\w-]+)*\.[a-z]{2,4}\b`,
];
/** What no text may hold afterwards. */
const left = String.raw`[^\s<>"'()\[\],;:|]@|@[\w.-]|%40|&#64;|\w+ ?[({\[]at[)}\]] ?\w+`;

const quote = (text) => `'${text.replaceAll("'", "''")}'`;
const [input, output] = process.argv.slice(2);
if (output === undefined) throw new Error('usage: node mask.mjs IN.parquet OUT.parquet');

const connection = await (await DuckDBInstance.create()).connect();
const rows = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
const described = await rows(`DESCRIBE SELECT * FROM read_parquet(${quote(input)})`);
const texts = described.filter((row) => row.column_type === 'VARCHAR').map((row) => row.column_name);

const masked = texts.map((name) => {
  const replace = (sql, pattern) => `regexp_replace(${sql}, ${quote(pattern)}, '${mask}', 'gi')`;
  return `${patterns.reduce(replace, `"${name}"`)} AS "${name}"`;
});
await connection.run(`COPY (SELECT * REPLACE (${masked.join(', ')}) FROM read_parquet(${quote(input)}))
  TO ${quote(output)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 19)`);

for (const name of texts) {
  const found = await rows(`SELECT count(*) AS n, any_value(regexp_extract("${name}", ${quote(`.{0,20}(${left}).{0,20}`)}, 0, 'i'))
    FILTER (regexp_matches("${name}", ${quote(left)}, 'i')) AS example,
    sum((contains("${name}", '${mask}'))::INT) AS masked
    FROM read_parquet(${quote(output)}) WHERE regexp_matches("${name}", ${quote(left)}, 'i') OR contains("${name}", '${mask}')`);
  const [{ example, masked: count }] = found;
  if (example) throw new Error(`${name} still holds an address: ${example}`);
  console.log(`${name}: ${count ?? 0} rows masked, no address left`);
}
