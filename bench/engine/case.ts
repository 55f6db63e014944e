/** What the benchmark compares: one piece of work, ours and the same in PyTorch. */
import type { Numbers } from '../../src/runtime/session.js';
import type { OptimiserOptions } from '../../src/runtime/trainer.js';

/** The same network for the peer: weights by our names, one batch, and the optimiser's numbers. */
export interface PeerWork {
  /** A name of networks.py. */
  readonly network: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly weights: Readonly<Record<string, Numbers>>;
  readonly tables: Readonly<Record<string, Numbers>>;
  readonly x: Numbers;
  /** Labels, where it trains. */
  readonly y?: Numbers;
  /** Undefined where it only infers. */
  readonly rates?: OptimiserOptions & { readonly logProbabilities?: boolean };
}

/** Work that is ready to run. */
export interface Work {
  /** Runs once; a training step gives its loss. */
  run(): Promise<number>;
  readonly peer: PeerWork;
  close(): Promise<void>;
}

export interface Case {
  readonly name: string;
  /** The ratio that is asked: the peer's time over ours. */
  readonly target?: number;
  /** What the loss of the peer may differ by after as many steps; Infinity where its rule differs. */
  readonly tolerance: number;
  open(): Promise<Work>;
}
