/** The arrays that travel between encoders, experts and gates. */

/** How a port's numbers are laid out; B is the number of rows. */
export type Form = 'values' | 'bag' | 'raw';

/** One named array that an encoder makes. */
export interface Port {
  /**
   * `values`: [B, width] float32. `bag`: a ragged list of ids below `width`, with weights. `raw`: [B]
   * values as they were given, for models that Monban did not train.
   */
  readonly form: Form;
  readonly width: number;
  /** True where encoding costs next to nothing, so that the gate may read it on every record. */
  readonly cheap: boolean;
  /** True where a graph reads it as an input of its own; small ports share one (see `layoutOf`). */
  readonly own?: boolean;
  /** How the numbers of a row are to be read where they have an order: [steps, channels]. */
  readonly shape?: readonly number[];
  /** What a raw port holds. */
  readonly holds?: 'numbers' | 'texts';
  /** Multiply-adds that encoding one row takes, where that counts. */
  readonly work?: number;
}

/** A dense column: `data` is [B, width], row after row; `own` and `shape` as the port has them. */
export interface ValuesColumn extends Pick<Port, 'own' | 'shape'> {
  readonly form: 'values';
  readonly width: number;
  readonly data: Float32Array;
}

/** A ragged column: row i holds ids[offsets[i]] to ids[offsets[i + 1] - 1] and their weights. */
export interface BagColumn {
  readonly form: 'bag';
  readonly width: number;
  readonly ids: Int32Array;
  readonly weights: Float32Array;
  /** [B + 1], starting at 0. */
  readonly offsets: Int32Array;
}

/** Values as they were given; those of rows without one mean nothing. */
export interface RawColumn {
  readonly form: 'raw';
  readonly width: 1;
  readonly data: Float64Array | readonly (string | null)[];
}

export type Column = ValuesColumn | BagColumn | RawColumn;
/** Port columns of the same rows by port name. */
export type Columns = Readonly<Record<string, Column>>;
