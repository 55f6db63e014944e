/** Runs a model by ONNX Runtime and, where it can, in plain TypeScript, and wants the same numbers. */
import type { Arrays, Numbers } from '../onnxruntime.js';
import { openSession } from '../session.js';
import { openPlain } from './plain.js';

/** What ONNX Runtime says, and whether plain TypeScript could say it too. */
export interface Agreed {
  readonly said: Record<string, Numbers>;
  readonly plain: boolean;
}

/** Both are rounded to float32 after every operator, but add up in another order. */
const tolerance = 2e-5;

/** Throws at the first number that differs. */
function checkAlike(name: string, got: Numbers, wanted: Numbers): void {
  const numbers = Array.from(wanted.data, Number);
  const same = `${got.dims}` === `${wanted.dims}`;
  const at = Array.from(got.data, Number).findIndex((value, i) => {
    const near = tolerance * (1 + Math.abs(numbers[i]!));
    return !Object.is(value, numbers[i]) && !(Math.abs(value - numbers[i]!) <= near);
  });
  if (same && at < 0) return;
  const place = same ? `[${at}] = ${got.data[at]}` : ` of [${got.dims}]`;
  const other = same ? numbers[at] : `[${wanted.dims}]`;
  throw new Error(`in plain TypeScript ${name}${place}, by ONNX Runtime ${other}`);
}

/** Feeds that the model does not read are left out. */
export async function runBoth(model: Uint8Array, feeds: Arrays): Promise<Agreed> {
  const session = await openSession(model);
  const read = session.inputs.map(({ name }): [string, Numbers] => [name, feeds[name]!]);
  const given = Object.fromEntries(read);
  const said = await session.run(given);
  await session.close();
  const plain = openPlain(model)?.(given);
  for (const [name, value] of Object.entries(plain ?? {})) checkAlike(name, value, said[name]!);
  return { said, plain: plain !== undefined };
}
