/** Writes a WebAssembly module by hand: one memory that is given, a few functions on 32-bit numbers. */

/** A block of numbers that functions work on. */
export interface Memory {
  /** Another one after the memory has grown. */
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part that is used; TypeScript declares it for browsers only. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Code as bytes, nested as its expression is. */
export type Code = number | readonly Code[];

export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result?: ValueType;
  readonly locals?: readonly ValueType[];
  readonly body: Code;
}

const types = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
export type ValueType = keyof typeof types;

const flat = (code: Code): number[] => (typeof code === 'number' ? [code] : code.flatMap(flat));

/** An unsigned number in LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

/** A whole number in signed LEB128: the sign is the top bit but one of the last byte. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x40 || rest < -0x40) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  return [...bytes, rest & 0x7f];
}

const simd = (opcode: number, ...rest: Code[]): Code => [0xfd, unsigned(opcode), rest];
const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [a, b, simd(opcode)];

/** Instructions, operands first; `v` works on four float32 at a time. */
export const wasm = {
  get: (local: number): Code => [0x20, unsigned(local)],
  set: (local: number, value: Code): Code => [value, 0x21, unsigned(local)],
  /** An address or a count, not negative. */
  index: (value: number): Code => [0x41, signed(value)],
  add: (a: Code, b: Code): Code => [a, b, 0x6a],
  /** The bits of `a` that are also in a mask, which may be negative: ~15 leaves multiples of 16. */
  and: (a: Code, mask: number): Code => [a, 0x41, signed(mask), 0x71],
  load: (address: Code, offset: number): Code => [address, 0x28, 2, unsigned(offset)],
  /** Does `body` again and again while the local `at`, which grows by `step`, is below `end`. */
  loop: (at: number, end: Code, step: number, body: Code): Code => [
    ...[0x02, 0x40, wasm.get(at), end, 0x4f, 0x0d, 0, 0x03, 0x40, body],
    ...[wasm.set(at, wasm.add(wasm.get(at), wasm.index(step))), wasm.get(at), end],
    ...[0x49, 0x0d, 0, 0x0b, 0x0b],
  ],
  v: {
    load: (address: Code, offset: number): Code => [address, simd(0x00, 4, unsigned(offset))],
    store: (address: Code, offset: number, value: Code): Code => [
      address,
      value,
      simd(0x0b, 4, unsigned(offset)),
    ],
    splat: (number: Code): Code => [number, simd(0x13)],
    lane: (vector: Code, lane: number): Code => [vector, simd(0x1f, lane)],
    sqrt: (a: Code): Code => [a, simd(0xe3)],
    add: binary(0xe4),
    sub: binary(0xe5),
    mul: binary(0xe6),
    div: binary(0xe7),
  },
  /** The same on one float32. */
  f: {
    load: (address: Code, offset: number): Code => [address, 0x2a, 2, unsigned(offset)],
    store: (address: Code, offset: number, value: Code): Code => [
      ...[address, value, 0x38, 2, unsigned(offset)],
    ],
    add: (a: Code, b: Code): Code => [a, b, 0x92],
    sub: (a: Code, b: Code): Code => [a, b, 0x93],
    mul: (a: Code, b: Code): Code => [a, b, 0x94],
  },
};

const vector = (items: readonly Code[]): Code => [unsigned(items.length), items];
const text = (value: string): Code => vector([...Buffer.from(value)]);

function section(id: number, items: readonly Code[]): Code {
  const content = flat(vector(items));
  return [id, unsigned(content.length), content];
}

function codeOf({ locals = [], body }: WasmFunction): Code {
  const content = flat([vector(locals.map((type) => [1, types[type]])), body, 0x0b]);
  return [unsigned(content.length), content];
}

const page = 65536;

const pagesOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / page));

/** A memory of at least so many bytes, all zero. */
export function memoryOf(bytes: number): Memory {
  return new WebAssembly.Memory({ initial: pagesOf(bytes) });
}

/** Makes a memory at least so large; views of its buffer end, if it was smaller. */
export function growTo(memory: Memory, bytes: number): void {
  const more = pagesOf(bytes) - memory.buffer.byteLength / page;
  if (more > 0) memory.grow(more);
}

/** The functions by name, over a memory of at least one page. */
export function instantiate(
  functions: readonly WasmFunction[],
  memory: Memory,
): Record<string, (...parameters: number[]) => number> {
  const signature = ({ parameters, result }: WasmFunction): Code => [
    ...[0x60, vector(parameters.map((type) => types[type]))],
    vector(result === undefined ? [] : [types[result]]),
  ];
  const bytes = flat([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, section(1, functions.map(signature))],
    section(2, [[text('m'), text('m'), 2, 0, 1]]),
    section(3, [...functions.keys()].map(unsigned)),
    section(
      7,
      functions.map(({ name }, i) => [text(name), 0, unsigned(i)]),
    ),
    section(10, functions.map(codeOf)),
  ]);
  const module = new WebAssembly.Module(Uint8Array.from(bytes));
  const { exports } = new WebAssembly.Instance(module, { m: { m: memory } });
  return exports as Record<string, (...parameters: number[]) => number>;
}
