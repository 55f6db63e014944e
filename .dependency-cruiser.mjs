/** The rules of imports, generated from layers.json. */
import { readFileSync } from 'node:fs';
import { rulesOf } from './scripts/layer-rules.mjs';

const table = JSON.parse(readFileSync(new URL('layers.json', import.meta.url), 'utf8'));

export default {
  forbidden: rulesOf(table),
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
