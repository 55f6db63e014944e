/** Monban where there is no Node: opens a bundle from a web server, decides and explains. */

import { MonbanError } from './core/fault.js';
import type { Decision } from './mixture/decision.js';
import { type FetchOptions, fetchBundle } from './mixture/fetched.js';
import type { Bundle } from './mixture/manifest.js';
import { predictorOver } from './predict/decide.js';
import { type Explained, explain } from './predict/explain.js';
import { type FieldView, fieldViews } from './predict/field-view.js';
import { type WasmOptions, webSessions } from './runtime/session-web.js';

export interface EdgeOptions extends FetchOptions, WasmOptions {
  /** Milliseconds that only rise; `performance.now` by default. */
  readonly clock?: () => number;
}

type Record = Readonly<globalThis.Record<string, unknown>>;

export interface Edge {
  readonly bundle: Bundle;
  /** What a form needs to know of each field. */
  readonly fields: readonly FieldView[];
  /** Decides records; the same decisions as in Node. */
  decide(records: readonly Record[]): Promise<Decision[]>;
  /** Explains the decision about one record. */
  explain(record: Record): Promise<Explained>;
  close(): Promise<void>;
}

/**
 * Opens the bundle in a folder of a web server.
 *
 * @example
 * const monban = await open('model', { wasm: 'wasm/' });
 * const [decision] = await monban.decide([{ package: 'libfoo-dev' }]);
 */
export async function open(folder: string, options: EdgeOptions = {}): Promise<Edge> {
  const bundle = await fetchBundle(folder, options);
  const { clock } = options;
  const predictor = await predictorOver(
    webSessions(options),
    bundle,
    clock === undefined ? {} : { clock },
  );
  const { decide, close, model } = predictor;
  return {
    bundle,
    fields: fieldViews(model),
    decide: (records) => decide(records),
    explain: (record) => explain(predictor, record),
    close,
  };
}

export type { Bundle, Decision, Explained, FieldView };
export { MonbanError };
