/** Sessions of ONNX Runtime compiled to WebAssembly: the door for browsers, open in Node too. */
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { MonbanError } from '../core/fault.js';
import { wrapForeign } from './foreign.js';
import { openFault, type Sessions, wrapSession } from './onnxruntime.js';

/** Where the runtime's own files lie. */
export interface WasmOptions {
  /** Folder of `ort-wasm-simd-threaded.wasm`, ending with a slash; beside the script without it. */
  readonly wasm?: string;
}

/** Says what to do where the runtime itself does not start. */
function startFault(error: unknown): MonbanError | undefined {
  if (!/no available backend|wasm/i.test(String(error))) return undefined;
  return new MonbanError({
    where: 'onnxruntime-web',
    expected: 'its WebAssembly file',
    found: String((error as Error).message ?? error).slice(0, 200),
    todo: 'serve ort-wasm-simd-threaded.wasm and name its folder as "wasm"',
  });
}

const options: InferenceSession.SessionOptions = {
  executionProviders: ['wasm'],
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
};

/** Opens sessions that run on one thread, which needs no special headers of the server. */
export function webSessions({ wasm }: WasmOptions = {}): Sessions {
  env.logLevel = 'error';
  env.wasm.numThreads = 1;
  if (wasm !== undefined) env.wasm.wasmPaths = { wasm: `${wasm}ort-wasm-simd-threaded.wasm` };
  const open = (model: Uint8Array, where: string) =>
    InferenceSession.create(model, options).catch((error: unknown) => {
      throw startFault(error) ?? openFault(where, error);
    });
  return {
    openSession: async (model) => wrapSession(await open(model, 'model'), Tensor),
    openForeign: async (model, where) => wrapForeign(await open(model, where), Tensor),
  };
}
