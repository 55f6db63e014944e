/** `npm test`: readies the checkout and runs the tests; arguments are passed on to vitest. */
import { join } from 'node:path';
import { bootstrap, root, run } from './bootstrap.mjs';

bootstrap();
// Tests run from the compiled output, so a path of a source names its output.
const args = process.argv.slice(2).map((arg) => arg.replace(/\.test\.ts(?=$|:)/, '.test.js'));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
process.exit(run(process.execPath, [vitest, 'run', ...args]));
