/** The peer: PyTorch in a process of its own, spoken to by JSON lines. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Numbers } from '../../src/runtime/session.js';
import type { PeerWork } from './case.js';

/** What so many runs took. */
export interface Turn {
  /** Milliseconds by the clock. */
  readonly ms: number;
  /** Milliseconds of this process on a core: another's load counts less. */
  readonly cpu: number;
  /** The loss of the last run. */
  readonly value: number;
}

export interface Peer {
  /** Its versions, as it says them. */
  readonly about: { readonly torch: string; readonly blas: string };
  open(work: PeerWork): Promise<void>;
  run(times: number): Promise<Turn>;
  close(): void;
}

export const howToInstall = 'apt-get install python3-torch libopenblas0-pthread';

function packed({ data, dims }: Numbers) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const kind = data instanceof Float32Array ? 'f' : 'i';
  return { kind, shape: dims, data: bytes.toString('base64') };
}

const packedAll = (arrays: Readonly<Record<string, Numbers>>) =>
  Object.fromEntries(Object.entries(arrays).map(([name, one]) => [name, packed(one)]));

/**
 * An OpenBLAS that is older than the processor takes it for one of 2004, and is six times as slow as it
 * can be: the kernels that the processor has are named, unless the user does.
 */
function kernels(): Record<string, string> {
  const path = '/proc/cpuinfo';
  if (!existsSync(path)) return {};
  const flags = readFileSync(path, 'utf8');
  if (/\bavx512f\b/.test(flags)) return { OPENBLAS_CORETYPE: 'SkylakeX' };
  return /\bavx2\b/.test(flags) ? { OPENBLAS_CORETYPE: 'Haswell' } : {};
}

/** Undefined where Python has no PyTorch. */
export async function openPeer(): Promise<Peer | undefined> {
  const python = process.env.PYTHON ?? '/usr/bin/python3';
  const one = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const env = { ...kernels(), ...process.env, ...one };
  const child = spawn(python, [join('bench', 'peers', 'peer.py')], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const failed = once(child, 'error').then(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async <T>(): Promise<T | undefined> => {
    const line = await Promise.race([lines.next(), failed]);
    return line === undefined || line.done ? undefined : (JSON.parse(line.value) as T);
  };
  const ask = async <T>(message: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    const answer = await read<T>();
    if (answer === undefined) throw new Error('the peer has ended; its last words are above');
    return answer;
  };
  const about = await read<Peer['about']>();
  if (about === undefined) return undefined;
  return {
    about,
    async open({ weights, tables, x, y, rates = null, ...rest }) {
      const arrays = { weights: packedAll(weights), tables: packedAll(tables), x: packed(x) };
      await ask({ ...rest, ...arrays, rates, ...(y === undefined ? {} : { y: packed(y) }) });
    },
    run: (times) => ask({ run: times }),
    close: () => child.stdin.end(),
  };
}
