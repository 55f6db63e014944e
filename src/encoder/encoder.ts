/** What an encoder is: it turns the values of one field into ports. */
import type { ZodType } from 'zod';
import type { Column, Port } from '../core/column.js';
import type { Fault } from '../core/fault.js';
import type { Values } from '../data/column.js';

/** How a kind wants its values: see `conform` for the conversions between them; `any` takes texts and lists as they are. */
export type Storage = 'number' | 'text' | 'list' | 'any';

/** One value in the storage that its kind reads. */
export type Value = number | string | readonly string[] | Uint8Array | null;

/** Values after an asynchronous load, and what was wrong with those that count as missing now. */
export interface Loaded {
  readonly values: Values;
  /** At `record N`, as `load` was told to count. */
  readonly faults: readonly Fault[];
}

/**
 * One field kind. Encoders learn nothing by gradients; what they learn from the data is plain JSON.
 * The contract (contract.test.ts): an absent value gives zeros and an empty bag, so that hiding
 * a field, a source that is missing and a null are one and the same case.
 */
export interface Encoder<C = unknown, S = unknown, F extends S | Promise<S> = S> {
  readonly kind: string;
  /** One sentence for `monban kinds`. */
  readonly summary: string;
  readonly storage: Storage;
  readonly config: ZodType<C>;
  /** Learns the state from a column of training values, or promises it where values must be read. */
  fit(values: Values, config: C): F;
  /** Makes a coder from a state; the only place where tables for look-up are built. */
  open(state: S): Coder;
}

/** An encoder with its state, ready to encode. */
export interface Coder {
  readonly ports: Readonly<Record<string, Port>>;
  /**
   * Reads what values only point to or hold in a packed form; where a kind has it, `present` and
   * `encode` want its result. Values that are loaded already pass unchanged. Faults name records,
   * of which these begin with number `first`, 1 without it.
   */
  load?(values: Values, first?: number | undefined): Promise<Loaded>;
  /**
   * Where a kind takes values as they are and passes over what it cannot read, which then counts as
   * missing: a fault for each value with any such thing, counted as `load` does.
   */
  unread?(values: Values, first?: number | undefined): readonly Fault[];
  /** Encodes the wanted ports of a batch of values (Float64Array, or arrays of text or lists). */
  encode(values: Values, want: readonly string[]): Record<string, Column>;
  /** True where the value counts as given. */
  present(values: Values, row: number): boolean;
  /** Values that a record might have had instead of a given one, the nearest or commonest first. */
  neighbours?(value: Value): readonly Value[];
  /** The name of the group that a given value belongs to, for kinds that group records. */
  group?(value: Value): string;
}
