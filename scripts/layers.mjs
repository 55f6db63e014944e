/** `npm run layers [FOLDER] [--write]`: checks imports against layers.json, and the page that shows it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import config from '../.dependency-cruiser.mjs';
import { pageOf } from './layer-rules.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const folder = args.find((arg) => !arg.startsWith('--'));
const base = resolve(folder ?? root);

const faults = await brokenImports();
if (folder === undefined) faults.push(...stalePage());
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

async function brokenImports() {
  const options = { ruleSet: config, validate: true, baseDir: base, ...config.options };
  const { output } = await cruise(['src'], options);
  const { violations, totalCruised } = output.summary;
  if (totalCruised === 0) return [`${base}: found no source to check`];
  console.log(`layers: ${totalCruised} modules, ${violations.length} broken imports`);
  return violations.map(({ from, to, rule }) => {
    const { comment } = config.forbidden.find(({ name }) => name === rule.name);
    return `${from} -> ${to}: ${rule.name}: ${comment}`;
  });
}

function stalePage() {
  const path = join(root, 'docs/reference/layers.md');
  const table = JSON.parse(readFileSync(join(root, 'layers.json'), 'utf8'));
  const page = pageOf(table);
  if (args.includes('--write')) writeFileSync(path, page);
  const missing = table.sideways
    .filter(({ decision }) => !existsSync(join(root, 'docs/decisions', decision)))
    .map(({ decision }) => `layers.json: there is no decision record ${decision}`);
  if (existsSync(path) && readFileSync(path, 'utf8') === page) return missing;
  return [...missing, 'docs/reference/layers.md is stale: run npm run layers -- --write'];
}
