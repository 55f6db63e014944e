/** Writes docs/bench.md: the table, the machine, the versions and the command. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { compared, type Measured } from './measure.js';
import type { Peer } from './peer.js';
import { asked, few, many, most, type Routes } from './routes.js';

const milliseconds = (value: number | undefined): string =>
  value === undefined ? '' : value.toFixed(value < 1 ? 3 : value < 10 ? 2 : 1);

function line(one: Measured): string {
  const { name, target, ours, peer, ratio, cpuRatio } = one;
  const spread = ratio === undefined ? '' : `${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}`;
  const cells = [
    ...[name, milliseconds(ours), milliseconds(peer)],
    ...[ratio?.middle.toFixed(2) ?? '', spread, cpuRatio?.middle.toFixed(2) ?? ''],
    target === undefined ? '' : target.toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

function lossLine({ name, losses }: Measured): string[] {
  if (losses === undefined) return [];
  const { first, ours, peer } = losses;
  return [`| ${name} | ${first.toFixed(4)} | ${ours.toFixed(4)} | ${peer.toFixed(4)} |`];
}

function versionOf(name: string): string {
  const path = `node_modules/${name}/package.json`;
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** The whole page. */
export function page(
  measured: readonly Measured[],
  routes: readonly Routes[],
  { about }: Pick<Peer, 'about'>,
): string {
  const cores = cpus();
  return `# Speed against PyTorch

Written by \`npm run bench\`. Both sides train the same network from the same weights on the same batch with
AdamW and the same clipping, one thread each, in one run in turns (ours, the peer's, ours, ...). A
ratio is the peer's time over ours, so above 1 Monban is faster; shown are the median of the turns,
its quarters, and the median in time on the core, which other load on the machine disturbs less.

Machine: ${cores.length} cores of ${cores[0]!.model.trim()}. Node ${process.versions.node}, onnxruntime-node ${versionOf('onnxruntime-node')}; PyTorch ${about.torch},
eager, BLAS \`${about.blas.split('/').slice(-2).join('/')}\`.

| work | ours, ms | PyTorch, ms | ratio | quarters | on the core | asked |
|---|---|---|---|---|---|---|
${measured.map(line).join('\n')}

Hashed text: ours is row-wise Adagrad (one accumulator for each row of the table), PyTorch's is
\`nn.EmbeddingBag(sparse=True)\` with \`torch.optim.Adagrad\` (one for each number), the nearest it has.

## The same networks

Loss of the first step, and of both sides after ${compared} steps.

| work | first | ours | PyTorch |
|---|---|---|---|
${measured.flatMap(lossLine).join('\n')}
${routesText(routes)}`;
}

function routesText(routes: readonly Routes[]): string {
  const rows = routes.map(({ rows: n, few: a, many: b, ratio }) => {
    const spread = `${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}`;
    return `| ${n} | ${a.toFixed(1)} | ${b.toFixed(1)} | ${ratio.middle.toFixed(2)} | ${spread} |`;
  });
  return `
## Many experts

Record in, decision out, by the predictor: ${asked} experts of one size are asked about each record. Asked: at
most ${most} times the time.

| records at once | ${few} experts, us a record | ${many} experts | ratio | quarters |
|---|---|---|---|---|
${rows.join('\n')}
`;
}
