/** Where the data of a bench lies: in a folder that is given, else among what the project ships. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of `datasets` by the names that they have in such a folder. */
const shipped: Readonly<Record<string, string>> = {
  debian_packages: 'packages/packages',
  diamonds: 'diamonds/diamonds',
  spam_assassin: 'spam/spam',
  fail2ban_logs: 'fail2ban/fail2ban',
  sensor_singlehop: 'sensor/sensor',
  mnist10k: 'mnist10k/mnist10k',
};

/**
 * The text of a spec with every `{folder}/NAME.parquet` as a path that exists, or the name of a file that
 * neither the folder nor the project has.
 */
export function withData(text: string, folder: string): { text: string } | { missing: string } {
  let missing: string | undefined;
  const found = text.replace(/\{folder\}\/(\w+)\.parquet/g, (_, name: string) => {
    const given = join(folder, `${name}.parquet`);
    const own = shipped[name];
    if (existsSync(given)) return given;
    if (own === undefined) missing ??= `${name}.parquet`;
    return join('datasets', `${own}.parquet`);
  });
  return missing === undefined ? { text: found } : { missing };
}

/** Reads a spec whose data must be there; says which file is missing and ends otherwise. */
export function specWithData(path: string, folder: string): string {
  const found = withData(readFileSync(path, 'utf8'), folder);
  if ('text' in found) return found.text;
  console.error(`${path}: the project may not ship ${found.missing}; give a folder that holds it`);
  return process.exit(2);
}
