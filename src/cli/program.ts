/** The verbs of the command line and their options. */
import { Command } from 'commander';

type Run = (args: string[], options: Record<string, unknown>) => Promise<number | undefined>;

/** Loads the verb when it is called, so that `--help` costs nothing. */
function lazily(load: () => Promise<{ run: Run }>) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const { run } = await load();
    const code = await run(command.processedArgs as string[], command.opts());
    process.exitCode = code ?? 0;
  };
}

/** The whole command line; each verb's file is loaded when it is called. */
export function program(): Command {
  const monban = new Command('monban')
    .description('A mixture of experts for mixed data, and the gate that chooses whom to ask.')
    .exitOverride()
    .showHelpAfterError('(run with --help to see what is possible)')
    .addHelpText(
      'after',
      `
With --json every command prints exactly one JSON object on standard output; after a failure
{"error": {"exitCode", "message", "faults"}}. Exit codes: 0 done, 1 failed, 2 your mistake, 3 alarm.`,
    );
  monban
    .command('init')
    .argument('<data>', 'a file or glob: Parquet, CSV, JSONL')
    .description('look at data, guess the fields, warn, and write a spec')
    .requiredOption('--target <column>', 'the column to predict')
    .option('--out <file>', 'where to write the spec', 'monban.yaml')
    .option('--force', 'replace an existing spec')
    .option('--json', 'print one JSON object')
    .action(lazily(() => import('./verb/init.js')));
  monban
    .command('train')
    .argument('[spec]', 'the spec', 'monban.yaml')
    .description('train a mixture; writes a bundle')
    .option('--out <dir>', 'where to write the bundle', 'model')
    .option('--seed <n>', 'another seed than the spec has')
    .option('--fresh', 'begin anew where an interrupted run would go on')
    .option('--json', 'print one JSON object')
    .action(lazily(() => import('./verb/train.js')));
  monban
    .command('evaluate')
    .argument('<model>', 'a bundle')
    .argument('[data]', 'labelled data; without it, the test rows of the spec that trained it')
    .description('score a bundle: quality, load, time, and every expert beside it')
    .option('--base <dir>', "without data: the folder that the spec's paths start from")
    .option('--against <model>', 'another bundle: paired differences; exit code 3 if routes churn')
    .option('--controls', 'race the gate against gates that learn nothing, with the same experts')
    .option('--by <field>', 'scores for each category of a field, or with and without it')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  monban evaluate model orders.parquet --by country --against models/last',
    )
    .action(lazily(() => import('./verb/evaluate.js')));
  monban
    .command('predict')
    .argument('<model>', 'a bundle')
    .argument('<data>', 'a file, or - for JSON on standard input')
    .description('decide many records, or one from standard input')
    .option('--out <file>', 'write .parquet, .csv or .jsonl instead of standard output')
    .option('--json', 'print one JSON object with all decisions, not one per line')
    .action(lazily(() => import('./verb/predict.js')));
  monban
    .command('explain')
    .argument('<model>', 'a bundle')
    .argument('[record]', 'a JSON file with one record, or - for standard input')
    .description('why this answer, why these experts, and what would change it')
    .option('--data <file>', 'take the record from a data file: Parquet, CSV, JSONL')
    .option('--row <n>', 'which row of --data; the first is 1, as in the output of predict')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  monban explain model --data orders.parquet --row 12')
    .action(lazily(() => import('./verb/explain.js')));
  monban
    .command('kinds')
    .argument('[name]', 'one kind')
    .description('every field, expert, gate and objective kind with its options')
    .option('--json', 'print one JSON object')
    .action(lazily(() => import('./verb/kinds.js')));
  return monban;
}
