/** Asks an expert about rows: its own graph, behind an imported model where there is one. */
import { MonbanError } from '../core/fault.js';
import type { ForeignSession } from '../runtime/foreign.js';
import type { Session, Sessions } from '../runtime/onnxruntime.js';
import { type Selected, servingFeeds } from './feeds.js';
import { foreignFeeds } from './foreign-feeds.js';
import { type ExpertParts, type Imported, saidInput } from './imported.js';

export interface ExpertRunner {
  /** What it says about the selected rows, row after row. */
  say(ports: readonly string[], selected: Selected): Promise<Float32Array>;
  close(): Promise<void>;
}

function failed(name: string, expected: string, found: string): MonbanError {
  const todo = 'ask the model with the same values in the tool that it comes from';
  return new MonbanError({ where: `expert ${name}`, expected, found, todo }, 1);
}

/** A selection row by row. */
function oneByOne(ports: readonly string[], { columns, rows }: Selected): Selected[] {
  const all = new Map(ports.map((port) => [port, rows(port)]));
  return Array.from(all.get(ports[0]!)!, (_, row) => ({
    columns,
    rows: (port) => all.get(port)!.subarray(row, row + 1),
  }));
}

/** [rows, width] numbers of an imported model; a row with one that is none says nothing. */
async function hear(
  name: string,
  session: ForeignSession,
  imported: Imported,
  selected: Selected,
  rows: number,
): Promise<Float32Array> {
  const { inputs, output, unsaid } = imported;
  const said = await session
    .run(foreignFeeds(inputs, selected), output.name)
    .catch((error: unknown) => {
      const found = String((error as Error).message ?? error).slice(0, 300);
      throw failed(name, 'an imported model that runs', found);
    });
  if (said.length !== rows * output.width) {
    const expected = `${output.width} numbers a record from the output ${output.name}`;
    throw failed(name, expected, `${said.length} for ${rows} records`);
  }
  const heard = Float32Array.from(said);
  for (let at = 0; at < heard.length; at += output.width) {
    const row = heard.subarray(at, at + output.width);
    if (row.some(Number.isNaN)) row.fill(unsaid);
  }
  return heard;
}

async function runImported(
  name: string,
  session: ForeignSession,
  imported: Imported,
  ports: readonly string[],
  selected: Selected,
): Promise<{ data: Float32Array; dims: number[] }> {
  const { width } = imported.output;
  const rows = selected.rows(ports[0]!).length;
  const dims = [rows, width];
  if (!imported.oneByOne)
    return { data: await hear(name, session, imported, selected, rows), dims };
  const data = new Float32Array(rows * width);
  for (const [row, one] of oneByOne(ports, selected).entries())
    data.set(await hear(name, session, imported, one, 1), row * width);
  return { data, dims };
}

async function say(session: Session, feeds: Parameters<Session['run']>[0]): Promise<Float32Array> {
  const { output } = await session.run(feeds);
  return output!.data as Float32Array;
}

/** Opens the sessions of an expert. */
export async function openExpert(
  { openSession, openForeign }: Sessions,
  { name, graph, imported }: ExpertParts,
): Promise<ExpertRunner> {
  const session = await openSession(graph);
  if (imported === undefined)
    return {
      say: (ports, selected) => say(session, servingFeeds(ports, selected, session.reads)),
      close: () => session.close(),
    };
  const foreign = await openForeign(imported.bytes, `expert ${name}`);
  return {
    say: async (ports, selected) =>
      say(session, { [saidInput]: await runImported(name, foreign, imported, ports, selected) }),
    close: async () => {
      await Promise.all([session.close(), foreign.close()]);
    },
  };
}
