/** `npm run build`: installs what is missing and builds what is stale. */
import { bootstrap } from './bootstrap.mjs';

bootstrap();
