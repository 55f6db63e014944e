/** An expert at rest: its graph, behind an imported model where there is one. */
import type { FrozenWiring } from '../expert/expert.js';

/** The input of a graph that reads what an imported model said, [B, width]. */
export const saidInput = 'said';

/** A model that others wrote, how it is wired, and what stands for a number that is not one. */
export interface Imported extends FrozenWiring {
  readonly bytes: Uint8Array;
  readonly unsaid: number;
}

/** The bytes that an expert is made of. */
export interface ExpertParts {
  readonly name: string;
  /** Reads the ports, or what the imported model said; gives `output`. */
  readonly graph: Uint8Array;
  readonly imported?: Imported;
}
