/** Turns the table of storeys (layers.json) into dependency-cruiser rules and into its page in the docs. */

const testFile = '(\\.test|/contract)\\.ts$';

/** The dependency-cruiser rules of a table. */
export function rulesOf(table) {
  return [
    ...table.layers.flatMap((layer) => importRules(layer, table)),
    ...table.doors.map((door) => doorRule(door)),
    foreignRule(table),
    {
      name: 'unlisted',
      comment: 'every folder and file of src belongs to a storey: add it to layers.json',
      severity: 'error',
      from: { path: '^src/', pathNot: `^${anyOf(table.layers)}` },
      to: {},
    },
    {
      name: 'no-test-import',
      comment: 'only tests import tests and contract suites',
      severity: 'error',
      from: { path: '^src/', pathNot: testFile },
      to: { path: `^src/.*${testFile}` },
    },
    {
      name: 'no-way-out',
      comment: 'src imports nothing of the checkout outside src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts|examples|web|bin)/' },
    },
    {
      name: 'no-cycle',
      comment: 'files do not import each other in a circle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-found',
      comment: 'the imported module does not exist',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ];
}

/** The Markdown page that shows a table. */
export function pageOf(table) {
  const storeys = [...new Set(table.layers.map((layer) => layer.storey))].sort((a, b) => b - a);
  const rows = storeys.flatMap((storey) =>
    table.layers
      .filter((layer) => layer.storey === storey)
      .map((layer) => `| ${storey} | \`src/${layer.name}\` | ${layer.holds} |`),
  );
  return [
    '# Layers',
    '',
    '<!-- written by `npm run layers -- --write` from layers.json: change it there -->',
    '',
    'A file imports from its own folder and from lower storeys. Tests and contract suites may also',
    'import their own storey. `npm run layers` checks it.',
    '',
    '| storey | folder | holds |',
    '|---|---|---|',
    ...rows,
    '',
    '## Sideways',
    '',
    '| from | to | why |',
    '|---|---|---|',
    ...table.sideways.map(
      ({ from, to, decision }) =>
        `| \`${from}\` | \`${to}\` | [${decision}](../decisions/${decision}) |`,
    ),
    '',
    '## Doors',
    '',
    `A foreign library is imported by one layer only; ${table.anywhere.join(', ')} by any.`,
    '',
    '| package | layer |',
    '|---|---|',
    ...table.doors.map((door) => `| \`${door.package}\` | \`${door.layer}\` |`),
    '',
  ].join('\n');
}

function importRules(layer, table) {
  const lower = table.layers.filter((other) => other.storey < layer.storey);
  const same = table.layers.filter((other) => other.storey === layer.storey);
  const beside = table.sideways
    .filter(({ from }) => from === layer.name)
    .map(({ to }) => same.find((other) => other.name === to));
  const from = `^src/${pattern(layer)}`;
  const rule = (name, where, allowed) => ({
    name,
    comment: `src/${layer.name} (storey ${layer.storey}) imports lower storeys only`,
    severity: 'error',
    from: where,
    to: { path: '^src/', pathNot: `^${anyOf(allowed)}` },
  });
  return [
    rule(`layer-${layer.name}`, { path: from, pathNot: testFile }, [layer, ...lower, ...beside]),
    rule(`tests-of-${layer.name}`, { path: `${from}.*${testFile}` }, [...same, ...lower]),
  ];
}

function doorRule(door) {
  return {
    name: `door-${door.package}`,
    comment: `only src/${door.layer} imports ${door.package}`,
    severity: 'error',
    from: { path: '^src/', pathNot: `^src/${door.layer}/` },
    to: { path: packagePattern([door.package]) },
  };
}

/** A package that no door names would otherwise be open to all. */
function foreignRule(table) {
  const named = [...table.doors.map((door) => door.package), ...table.anywhere];
  return {
    name: 'no-door',
    comment: 'every foreign library has a door: add it to layers.json',
    severity: 'error',
    from: { path: '^src/', pathNot: testFile },
    to: { path: 'node_modules/', pathNot: packagePattern(named) },
  };
}

function packagePattern(names) {
  return `(^|node_modules/)(${names.map(quote).join('|')})(/|$)`;
}

function anyOf(layers) {
  return `src/(${layers.map(pattern).join('|')})`;
}

function pattern(layer) {
  return layer.name.endsWith('.ts') ? `${quote(layer.name)}$` : `${layer.name}/`;
}

function quote(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
