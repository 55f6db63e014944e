/** `npm start`: readies the checkout and runs the demonstration; arguments are passed on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, fail, root, run } from './bootstrap.mjs';

bootstrap();
const demonstration = join(root, 'dist/src/cli/start.js');
if (!existsSync(demonstration)) fail('there is no src/cli/start.ts to run');
process.exit(run(process.execPath, [demonstration, ...process.argv.slice(2)]));
