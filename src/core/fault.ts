/** Errors that a user can act on: where, what was found, what was expected, what to do. */

/** One thing that is wrong with what a user gave us. */
export interface Fault {
  /** A file, a spec path such as `experts.words.width`, or a column. */
  readonly where: string;
  readonly expected: string;
  readonly found?: string;
  /** What the user should do now, as an imperative sentence without a full stop. */
  readonly todo?: string;
  /** 1-based line in the file named by `where`, when there is one. */
  readonly line?: number;
}

/** Exit codes of the command line: 1 something failed, 2 the caller's mistake, 3 an alarm. */
export type ExitCode = 1 | 2 | 3;

/** An error made of one or more faults; its message has one line per fault and never a stack. */
export class MonbanError extends Error {
  override readonly name = 'MonbanError';
  readonly faults: readonly Fault[];
  readonly exitCode: ExitCode;

  constructor(faults: Fault | readonly Fault[], exitCode: ExitCode = 2) {
    const list = Array.isArray(faults) ? (faults as readonly Fault[]) : [faults as Fault];
    super(list.map(describeFault).join('\n'));
    this.faults = list;
    this.exitCode = exitCode;
  }
}

/** For `catch`: throws a MonbanError again whose faults, which tell a record, name the field too. */
export function inField(name: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof MonbanError)) throw error;
    const faults = error.faults.map((fault) => ({ ...fault, where: `${name}, ${fault.where}` }));
    throw new MonbanError(faults, error.exitCode);
  };
}

/** `where (line 3): expected E, got F; do T` */
export function describeFault(fault: Fault): string {
  const line = fault.line === undefined ? '' : ` (line ${fault.line})`;
  const found = fault.found === undefined ? '' : `, got ${fault.found}`;
  const todo = fault.todo === undefined ? '' : `; ${fault.todo}`;
  return `${fault.where}${line}: expected ${fault.expected}${found}${todo}`;
}

/** Shortens a value to something that fits in a message: JSON, at most 60 characters. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return `${value}`;
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
