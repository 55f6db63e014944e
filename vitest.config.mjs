/** How the tests run: the compiled output, in processes of their own. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    dir: 'dist',
    include: ['**/*.test.js'],
    // Native sessions survive the end of a process but not always that of a thread.
    pool: 'forks',
    testTimeout: 180_000,
    hookTimeout: 60_000,
    reporters: ['./scripts/reporter.mjs'],
  },
});
