/**
 * Compiling a policy's module, and what it may ask of the engine that compiles and starts it, read from its bytes before
 * either.
 *
 * V8 takes any valid module to be good-natured: a few kilobytes can make it push billions of values while it checks a
 * function, or reserve tables until there is no memory, and then it ends the process, not the thread. What OPA writes is
 * far below every limit here. How long a module runs and what it adds to its memory is bounded elsewhere: by the worker
 * that runs it, and by the memory that it is given.
 */

/** A compiled module; it can be posted to workers. Node's types do not declare `WebAssembly`. */
export interface CompiledPolicy {
  readonly [Symbol.toStringTag]: "WebAssembly.Module";
}

declare const WebAssembly: { compile(bytes: Uint8Array): Promise<CompiledPolicy> };

/** @throws Error where the bytes are no WebAssembly module. */
export function compilePolicy(wasm: Uint8Array): Promise<CompiledPolicy> {
  return WebAssembly.compile(wasm);
}

/** OPA's default rules need 27 types of up to 11 parameters, 1,500 functions of up to 12 KiB, 14,000 locals, 1 table. */
export const MODULE_LIMITS = {
  bytes: 8 * 1024 * 1024,
  parameters: 24,
  results: 1,
  functionBytes: 1024 * 1024,
  locals: 1_000_000,
  tableEntries: 100_000,
} as const;

/** All that OPA's modules import, from `env`. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...["opa_abort", "opa_println"],
  ...["opa_builtin0", "opa_builtin1", "opa_builtin2", "opa_builtin3", "opa_builtin4"],
]);

const MAGIC = Buffer.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
const CUSTOM = 0;
const TYPES = 1;
const IMPORTS = 2;
const TABLES = 4;
const MEMORIES = 5;
const CODE = 10;
/** Of the first version of WebAssembly, and the count of data segments. Later ones, as that of exceptions, OPA has not. */
const LAST_SECTION = 12;
const FUNCTION_TYPE = 0x60;
/** i32, i64, f32, f64. */
const NUMERIC: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c]);
const FUNCTION_REFERENCE = 0x70;
const FUNCTION = 0;
const MEMORY = 2;
const HAS_MAXIMUM = 1;

/**
 * @param bytes - a module, valid or not: what is no module at all is found when it is compiled.
 * @throws Error for one that OPA would not have written.
 */
export function assertModule(bytes: Uint8Array): void {
  if (bytes.length > MODULE_LIMITS.bytes) refuse(`it is larger than ${MODULE_LIMITS.bytes} bytes`);
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) refuse("it does not begin as one");
  const reader = new Reader(bytes, MAGIC.length, bytes.length);
  while (!reader.done) {
    const id = reader.byte();
    const section = reader.part();
    if (id > LAST_SECTION) refuse(`it has a section ${id}`);
    if (id !== CUSTOM) CHECKS.get(id)?.(section);
  }
}

const CHECKS: ReadonlyMap<number, (section: Reader) => void> = new Map([
  [TYPES, checkTypes],
  [IMPORTS, checkImports],
  [TABLES, checkTables],
  [MEMORIES, checkMemories],
  [CODE, checkCode],
]);

function checkTypes(section: Reader): void {
  section.each(() => {
    if (section.byte() !== FUNCTION_TYPE) refuse("it has a type that is no function's");
    if (section.each(() => checkNumeric(section)) > MODULE_LIMITS.parameters) {
      refuse(`it has a function of more than ${MODULE_LIMITS.parameters} parameters`);
    }
    if (section.each(() => checkNumeric(section)) > MODULE_LIMITS.results) {
      refuse("it has a function of several results");
    }
  });
}

/** A type of one byte. What has more would be read as something else here than by the engine. */
function checkNumeric(reader: Reader): void {
  if (!NUMERIC.has(reader.byte())) refuse("it has a value that is no number");
}

/** The memory is the host's, so that it has the host's maximum. */
function checkImports(section: Reader): void {
  section.each(() => {
    const [module, name] = [section.text(), section.text()];
    const kind = section.byte();
    const isMemory = kind === MEMORY && name === "memory";
    if (module !== "env" || !(isMemory || (kind === FUNCTION && FUNCTIONS.has(name)))) {
      refuse(`it imports ${JSON.stringify(`${module}.${name}`.slice(0, 80))}, which no policy has`);
    }
    if (isMemory) section.limits();
    else section.integer();
  });
}

function checkTables(section: Reader): void {
  const tables = section.each(() => {
    if (section.byte() !== FUNCTION_REFERENCE) refuse("it has a table of something else than functions");
    const { initial, maximum } = section.limits();
    if (Math.max(initial, maximum ?? Number.POSITIVE_INFINITY) > MODULE_LIMITS.tableEntries) {
      refuse(`it has a table of more than ${MODULE_LIMITS.tableEntries} entries, or without an end`);
    }
  });
  if (tables > 1) refuse("it has several tables");
}

function checkMemories(section: Reader): void {
  if (section.integer() > 0) refuse("it has a memory of its own");
}

function checkCode(section: Reader): void {
  let locals = 0;
  section.each(() => {
    const body = section.part();
    if (body.length > MODULE_LIMITS.functionBytes) {
      refuse(`it has a function of more than ${MODULE_LIMITS.functionBytes} bytes`);
    }
    body.each(() => {
      locals += body.integer();
      checkNumeric(body);
      if (locals > MODULE_LIMITS.locals) refuse(`it has more than ${MODULE_LIMITS.locals} local variables`);
    });
  });
}

function refuse(message: string): never {
  throw new Error(`policy.wasm is no module of OPA's: ${message}`);
}

/** The bytes of a module, or of a part of it, read from front to back. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at === this.#end;
  }

  /** What is left. */
  get length(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) refuse("it is cut off");
    this.#at += 1;
    return byte;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  integer(): number {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    refuse("it has a number of more than 32 bits");
  }

  /** What comes with its length in front. */
  part(): Reader {
    const length = this.integer();
    if (length > this.length) refuse("it is cut off");
    const start = this.#at;
    this.#at += length;
    return new Reader(this.#bytes, start, this.#at);
  }

  text(): string {
    const { length } = this.part();
    return Buffer.from(this.#bytes.subarray(this.#at - length, this.#at)).toString("latin1");
  }

  /** Reads each element of a list. @returns how many there were. */
  each(read: () => void): number {
    const count = this.integer();
    // Each has a byte at least.
    if (count > this.length) refuse("it is cut off");
    for (let index = 0; index < count; index += 1) read();
    return count;
  }

  /** Of a table or memory. */
  limits(): { readonly initial: number; readonly maximum?: number } {
    const flags = this.byte();
    if (flags > HAS_MAXIMUM) refuse("it has a table or memory of an unknown kind");
    const initial = this.integer();
    return flags === HAS_MAXIMUM ? { initial, maximum: this.integer() } : { initial };
  }
}
