/** Sessions as the rest of Monban sees them, over any build of ONNX Runtime. */
import type { InferenceSession, TypedTensor } from 'onnxruntime-node';
import { MonbanError, show } from '../core/fault.js';
import { type Data, type Dim, type Dtype, elements } from '../onnx/types.js';
import type { OpenForeign } from './foreign.js';

/** A tensor at run time: its numbers, row after row, and the lengths of its axes. */
export interface Numbers {
  readonly data: Data;
  readonly dims: readonly number[];
}
export type Arrays = Readonly<Record<string, Numbers>>;

/** An input or output of a session; a dimension may be symbolic. */
export interface Slot {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly Dim[];
}

export interface Session {
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
  /** Whether the model has an input of this name. */
  reads(name: string): boolean;
  /**
   * Runs the model. `fetches` are arrays that the outputs of the same names are written into;
   * with a list of names only those outputs are made. Blocks this thread while it runs.
   */
  run(feeds: Arrays, fetches?: Arrays | readonly string[]): Promise<Record<string, Numbers>>;
  close(): Promise<void>;
}

/** Opens a model from its bytes; throws MonbanError when it cannot be loaded. */
export type OpenSession = (model: Uint8Array) => Promise<Session>;

/** What one build of ONNX Runtime opens: Monban's own graphs, and models that others wrote. */
export interface Sessions {
  readonly openSession: OpenSession;
  readonly openForeign: OpenForeign;
}

type Value = TypedTensor<'float32'>;
type TensorClass = new (type: 'float32', data: Float32Array, dims: readonly number[]) => Value;

const whatToDo = [
  {
    pattern: /opset|ir_version|IR version/i,
    expected: 'a model of a supported version',
    todo: 'export it again for opset 21',
  },
  {
    pattern: /doesn't exist|No such file|NO_SUCHFILE/i,
    expected: 'a model file',
    todo: 'check the path',
  },
  {
    pattern: /external data|external initializer/i,
    expected: 'a model in one file',
    todo: 'save it with its weights inside the file, without external data',
  },
  {
    pattern: /not a registered|No Op registered|not implemented|NOT_IMPLEMENTED/i,
    expected: 'operators of the standard set',
    todo: 'export it again without custom operators',
  },
];

const damaged = { expected: 'an ONNX model', todo: 'the file is damaged; fetch or train it again' };

/** Rewords what ONNX Runtime says about a model that it cannot load. */
export function openFault(where: string, error: unknown): MonbanError {
  const found = show(String((error as Error).message ?? error).slice(0, 300));
  const known = whatToDo.find(({ pattern }) => pattern.test(String(error)));
  const { expected, todo } = known ?? damaged;
  return new MonbanError({ where, expected, found, todo });
}

function slots(metadata: readonly InferenceSession.ValueMetadata[]): Slot[] {
  return metadata.map((value) => {
    if (!value.isTensor) throw new Error(`${value.name} is not a tensor`);
    return { name: value.name, dtype: value.type as Dtype, shape: value.shape };
  });
}

function asValue(Tensor: TensorClass, { data, dims }: Numbers, { name, dtype }: Slot): Value {
  if (data.length !== elements(dims)) {
    throw new Error(`${name}: ${data.length} numbers for the shape [${dims.join(', ')}]`);
  }
  return new Tensor(dtype as 'float32', data as Float32Array, dims);
}

/** A session over a native one of either build; `Tensor` is that build's own class. */
export function wrapSession(native: InferenceSession, Tensor: TensorClass): Session {
  const inputs = slots(native.inputMetadata);
  const outputs = slots(native.outputMetadata);
  const names = new Set(inputs.map(({ name }) => name));
  const targets = (fetches: Arrays): Record<string, Value | null> => {
    const values: Record<string, Value | null> = {};
    for (const slot of outputs) {
      const array = fetches[slot.name];
      values[slot.name] = array === undefined ? null : asValue(Tensor, array, slot);
    }
    return values;
  };
  return {
    inputs,
    outputs,
    reads: (name) => names.has(name),
    async run(feeds, fetches) {
      const values: Record<string, Value> = {};
      for (const slot of inputs) {
        const array = feeds[slot.name];
        if (array === undefined) throw new Error(`no feed for the input ${slot.name}`);
        values[slot.name] = asValue(Tensor, array, slot);
      }
      if (fetches === undefined) return (await native.run(values)) as Record<string, Numbers>;
      const wanted = Array.isArray(fetches) ? fetches : targets(fetches as Arrays);
      return (await native.run(values, wanted as string[])) as Record<string, Numbers>;
    },
    close: () => native.release(),
  };
}
