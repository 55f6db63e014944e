/** Sessions of ONNX Runtime in Node: the only way in which Monban runs a model there. */
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { type OpenForeign, wrapForeign } from './foreign.js';
import { openFault, type Session, type Sessions, wrapSession } from './onnxruntime.js';

export type { Arrays, Numbers, Session, Slot } from './onnxruntime.js';

/** How every session runs. */
const sessionOptions: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
};

/** The version of ONNX Runtime, which decides how sums are rounded. */
export const engineVersion: string = env.versions.common;

/** Opens a model from bytes or a file; throws MonbanError when it cannot be loaded. */
export async function openSession(
  model: Uint8Array | string,
  { threads = 1 }: { readonly threads?: number } = {},
): Promise<Session> {
  env.logLevel = 'error';
  const options = { ...sessionOptions, intraOpNumThreads: threads };
  const where = typeof model === 'string' ? model : 'model';
  const native = await InferenceSession.create(model as string, options).catch((error: unknown) => {
    throw openFault(where, error);
  });
  return wrapSession(native, Tensor);
}

/** Opens a model that another tool wrote; throws MonbanError at `where` when it cannot be loaded. */
export const openForeign: OpenForeign = async (model, where) => {
  env.logLevel = 'error';
  // What fails is an error of ours; ONNX Runtime shall not write it to the terminal too.
  const options = { ...sessionOptions, logSeverityLevel: 4 } as const;
  // A copy: ONNX Runtime takes no bytes from shared memory.
  const native = await InferenceSession.create(new Uint8Array(model), options).catch(
    (error: unknown) => {
      throw openFault(where, error);
    },
  );
  return wrapForeign(native, Tensor);
};

/** The sessions of this build. */
export const sessions: Sessions = { openSession, openForeign };
