/** Sessions of ONNX Runtime in Node: the only way in which Monban runs a model there. */
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { openFault, type Session, wrapSession } from './onnxruntime.js';

export type { Arrays, Numbers, Session, Slot } from './onnxruntime.js';

/** The version of ONNX Runtime, which decides how sums are rounded. */
export const engineVersion: string = env.versions.common;

/** Opens a model from bytes or a file; throws MonbanError when it cannot be loaded. */
export async function openSession(
  model: Uint8Array | string,
  { threads = 1 }: { readonly threads?: number } = {},
): Promise<Session> {
  env.logLevel = 'error';
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  };
  const where = typeof model === 'string' ? model : 'model';
  const native = await InferenceSession.create(model as string, options).catch((error: unknown) => {
    throw openFault(where, error);
  });
  return wrapSession(native, Tensor);
}
