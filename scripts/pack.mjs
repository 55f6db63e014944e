/** `npm run pack`: builds, then packs the published file into the current folder or `--pack-destination DIR`. */
import { bootstrap, run } from './bootstrap.mjs';

bootstrap();
process.exit(run('npm', ['pack', ...process.argv.slice(2)], { stdio: ['ignore', 'inherit', 2] }));
