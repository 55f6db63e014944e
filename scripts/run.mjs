/** Readies the checkout and runs one built program: `node scripts/run.mjs dist/bench/engine.js ...`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, fail, root, run } from './bootstrap.mjs';

const [program, ...args] = process.argv.slice(2);
if (program === undefined) fail('usage: node scripts/run.mjs PROGRAM [ARGUMENT ...]', 2);
bootstrap();
if (!existsSync(join(root, program))) fail(`${program}: no such program after the build`, 2);
process.exit(run(process.execPath, ['--enable-source-maps', join(root, program), ...args]));
