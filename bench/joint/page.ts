/** The page of the joint phase: one table a task. */

export interface Row {
  readonly task: string;
  readonly seed: number;
  readonly contender: string;
  readonly score: number;
  readonly loss: number;
  /** Gain over the one expert in nats of a test row, and 1.96 standard errors. */
  readonly gain: readonly [number, number];
  /** Agreement of the first expert with the true regime after the best matching. */
  readonly route?: number;
  /** Share of the test rows first sent to each expert. */
  readonly shares: readonly number[];
  readonly joint?: string;
}

const head = `| seed | contender | score | log loss | gain over one | route | shares | guard |
|---|---|---|---|---|---|---|---|`;

function line({ seed, contender, score, loss, gain, route, shares, joint }: Row): string {
  const cells = [
    seed,
    contender,
    score.toFixed(3),
    loss.toFixed(4),
    contender === 'one' ? '' : `${gain[0].toFixed(4)} +- ${gain[1].toFixed(4)}`,
    route === undefined ? '' : route.toFixed(2),
    shares.map((share) => share.toFixed(2)).join(' '),
    joint ?? '',
  ];
  return `| ${cells.join(' | ')} |`;
}

/** All rows as Markdown. */
export function page(
  rows: readonly Row[],
  { fitRows, testRows }: { readonly fitRows: number; readonly testRows: number },
): string {
  const tasks = [...new Set(rows.map(({ task }) => task))];
  const tables = tasks.map(
    (task) =>
      `## ${task}\n\n${head}\n${rows
        .filter((row) => row.task === task)
        .map(line)
        .join('\n')}\n`,
  );
  return `# What the joint phase is worth

Made by \`npm run joint\`. Data with hidden regimes is generated (\`src/data/synthetic.ts\`): ${fitRows} rows to
train, ${testRows} to test, another world for each seed; which regime a row is of follows from three of its
numbers by a small random network, and each regime has its own relation of the other fields to the target.
Real tasks (packages, diamonds), where they were run, are those of [the quality table](quality.md), with its folds.

- *one* is a single expert, *apart* several of the same kind that each learn from all rows, *joint* several
  that part by responsibility; each has a gate of kind \`mlp\` with a mixture pool.
- *score* is accuracy, or R2 of an amount; *gain over one* is in nats of a test row, paired, with 1.96
  standard errors.
- *route* is the share of test rows whose first expert is the one matched to their true regime.
- *guard* says whether check rows kept the clones, their gain there and its standard error. *bias* and
  *unbalanced* are kept in any case.

${tables.join('\n')}`;
}
