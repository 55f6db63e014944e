/** `npm run lock`: adds to package-lock.json the packages of other platforms that a partial registry left out. */
import { readFileSync, writeFileSync } from 'node:fs';

// npm drops an optional package that the registry does not have, and `npm ci` then refuses the lock
// file. Their parents name exact versions; their names say the platform. What is missing is the
// checksum, which npm fills in when it next installs from a whole registry.
const systems = /(?:^|[-/])(android|darwin|linux|win32|freebsd|openharmony)(?=-|$)/;
const processors = /-(arm64|x64|arm|ia32|ppc64|riscv64|s390x|wasm32)(?=-|$)/;

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const missing = Object.values(lock.packages).flatMap((parent) =>
  Object.entries(parent.optionalDependencies ?? {})
    .filter(([name]) => !Object.keys(lock.packages).some((key) => isAt(key, name)))
    .map(([name, version]) => [`node_modules/${name}`, entryOf(name, version, parent)]),
);
const packages = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) });
lock.packages = Object.fromEntries(packages.sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
for (const [key, { version }] of missing) console.log(`added ${key} ${version}`);

function isAt(key, name) {
  return key === `node_modules/${name}` || key.endsWith(`/node_modules/${name}`);
}

function entryOf(name, version, parent) {
  const system = systems.exec(name)?.[1];
  const processor = processors.exec(name)?.[1];
  if (!/^\d/.test(version) || system === undefined || processor === undefined) {
    throw new Error(
      `${name}@${version}: expected an exact version and a name that says a platform`,
    );
  }
  const dev = parent.dev === true ? { dev: true } : {};
  const libc = name.endsWith('-musl') ? 'musl' : 'glibc';
  const libcs = system === 'linux' ? { libc: [libc] } : {};
  return { version, cpu: [processor], ...dev, ...libcs, optional: true, os: [system] };
}
