/** Installs what is missing and builds what is stale: `.npmrc` forbids pre-hooks, so commands call this first. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

const sourceFolders = ['src', 'test', 'bench'];
const stampPath = join(root, 'dist', '.stamp');

/** Ends the process with one message on standard error. */
export function fail(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

/** Runs a program with this terminal and returns its exit code. */
export function run(program, args, options = {}) {
  const done = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error) fail(`could not run ${program}: ${done.error.message}`);
  return done.status ?? 1;
}

/** Makes the checkout ready to run: node version, packages, command link, build. */
export function bootstrap() {
  checkNode();
  install();
  linkCommand();
  build();
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`node: expected 20.19 or newer, found ${process.versions.node}; install a newer Node`, 2);
}

function install() {
  if (isInstalled()) return;
  process.stderr.write('installing the packages of package-lock.json (about 113 MB, once)\n');
  // npm's chatter goes to standard error: standard output belongs to the command.
  const code = run('npm', ['ci', '--ignore-scripts'], { stdio: ['ignore', 2, 2] });
  if (code === 0) return;
  fail(
    `npm ci --ignore-scripts failed with exit code ${code}: the messages above say why; ` +
      'check that the package registry can be reached, then run the same command again',
  );
}

/** Whether node_modules holds the versions of the lock file; modification times of a clone say nothing. */
function isInstalled() {
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedPath, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && existsSync(join(root, path));
  });
}

/** npm does not link a package's own command, and `npx --no monban` needs the link. */
function linkCommand() {
  const link = join(root, 'node_modules', '.bin', 'monban');
  if (lstatSync(link, { throwIfNoEntry: false })) return;
  mkdirSync(join(root, 'node_modules', '.bin'), { recursive: true });
  symlinkSync(join('..', '..', 'bin', 'monban.mjs'), link);
}

function build() {
  const sources = sourceFolders.flatMap((folder) => filesBelow(join(root, folder), '.ts'));
  const stamp = fingerprint(sources);
  const missing = prune(sources);
  if (!missing && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return;
  process.stderr.write('building\n');
  // An incremental build does not write again an output that somebody deleted.
  if (missing) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
  rmSync(stampPath, { force: true });
  const code = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root]);
  if (code !== 0) fail('the build failed: mend the errors above and run the same command again');
  writeFileSync(stampPath, stamp);
}

function fingerprint(sources) {
  const paths = [...sources, join(root, 'tsconfig.json'), join(root, 'package-lock.json')];
  const lines = paths.map((path) => {
    const { mtimeMs, size } = statSync(path);
    return `${relative(root, path)} ${mtimeMs} ${size}`;
  });
  return `${lines.sort().join('\n')}\n`;
}

/** Deletes the outputs of deleted sources; returns whether a source has no output. */
function prune(sources) {
  const wanted = new Set(
    sources
      .filter((path) => !path.endsWith('.d.ts'))
      .map((path) => join(root, 'dist', relative(root, path)).replace(/\.ts$/, '')),
  );
  const found = new Set();
  for (const folder of sourceFolders) {
    for (const path of filesBelow(join(root, 'dist', folder), '')) {
      const stem = path.replace(/\.(js|d\.ts)(\.map)?$/, '');
      if (!wanted.has(stem)) rmSync(path);
      else if (path.endsWith('.js')) found.add(stem);
    }
  }
  return found.size < wanted.size;
}

function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name));
}
