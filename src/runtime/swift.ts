/** Sessions that answer about one record without a call of the runtime, where their graph is small. */
import type { Arrays, OpenSession, Session } from './onnxruntime.js';
import { openPlain } from './plain/plain.js';

/** How many rows the feeds are: an input whose shape has the dimension `B` tells; 0 where none has. */
function rowsOf(session: Session): (feeds: Arrays) => number {
  for (const { name, shape } of session.inputs) {
    const axis = shape.indexOf('B');
    if (axis >= 0) return (feeds) => feeds[name]?.dims[axis] ?? 0;
  }
  return () => 0;
}

/**
 * A session over `openSession` for many rows. For one row the same graph runs in plain TypeScript, as
 * long as it knows all of its operators: results are equal but for the rounding of float32.
 */
export async function openSwift(openSession: OpenSession, model: Uint8Array): Promise<Session> {
  const session = await openSession(model);
  const runPlain = openPlain(model);
  if (runPlain === undefined) return session;
  const rows = rowsOf(session);
  return {
    ...session,
    async run(feeds, fetches) {
      if (fetches !== undefined || rows(feeds) !== 1) return session.run(feeds, fetches);
      return runPlain(feeds);
    },
  };
}
