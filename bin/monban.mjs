#!/usr/bin/env node
/** The command `monban`: checks the Node version and starts the built command line. */
import { existsSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (major < 20 || (major === 20 && minor < 19)) {
  stop(`node: expected 20.19 or newer, found ${process.versions.node}; install a newer Node`);
} else if (!existsSync(main)) {
  stop('monban is not built yet: run npm start or npm test first');
} else {
  await import(main);
}

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}
