/** For the tests: WebAssembly modules by hand, as nobody's compiler writes them. */

/** @property code - instructions after the locals, without the last `end`. @property locals - how many of one type. */
export interface HostileFunction {
  readonly code: Uint8Array;
  readonly locals?: number;
}

/** Counts of entries of a table, or of pages of a memory. */
export type Limits = readonly [initial: number, maximum?: number];

/**
 * @property types - parameters and results of types beside the first, which has neither.
 * @property imports - functions of the first type, by module and name.
 * @property memory - the imported one; `undefined` for none. @property own - one that it brings.
 * @property start - its first function runs when it is instantiated.
 * @property other - sections of any number.
 */
export interface HostileParts {
  readonly types?: readonly (readonly [parameters: number, results: number])[];
  readonly imports?: readonly (readonly [module: string, name: string])[];
  readonly memory?: Limits | undefined;
  readonly own?: Limits;
  readonly tables?: readonly Limits[];
  readonly functions?: readonly HostileFunction[];
  readonly start?: boolean;
  readonly other?: readonly number[];
}

const I32 = 0x7f;

/** An unsigned LEB128. */
function leb(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low + 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}

const FIRST_TYPE = Buffer.alloc(1);
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
const held = (content: Uint8Array): Buffer => Buffer.concat([leb(content.length), content]);
const listOf = (items: readonly Uint8Array[]): Buffer => Buffer.concat([leb(items.length), ...items]);
const text = (value: string): Buffer => held(Buffer.from(value));

function limits([initial, maximum]: Limits): Buffer {
  return maximum === undefined
    ? Buffer.concat([bytes(0), leb(initial)])
    : Buffer.concat([bytes(1), leb(initial), leb(maximum)]);
}

function section(id: number, items: readonly Uint8Array[]): Buffer {
  return items.length === 0 ? Buffer.alloc(0) : Buffer.concat([bytes(id), held(listOf(items))]);
}

/** Of each function once, however often a module has it. */
const bodies = new WeakMap<HostileFunction, Buffer>();

function bodyOf(each: HostileFunction): Buffer {
  const { code, locals } = each;
  const known = bodies.get(each);
  if (known !== undefined) return known;
  const declared = locals === undefined ? bytes(0) : Buffer.concat([bytes(1), leb(locals), bytes(I32)]);
  const body = held(Buffer.concat([declared, code, bytes(0x0b)]));
  bodies.set(each, body);
  return body;
}

/** The bytes of a module, valid or not. */
export function hostileModule(parts: HostileParts): Buffer {
  const { types = [], imports = [], tables = [], functions = [], own, other = [] } = parts;
  const memory = "memory" in parts ? parts.memory : ([2] as const);
  const all = [[0, 0] as const, ...types];
  const imported = [
    ...imports.map(([module, name]) => Buffer.concat([text(module), text(name), bytes(0, 0)])),
    ...(memory === undefined ? [] : [Buffer.concat([text("env"), text("memory"), bytes(2), limits(memory)])]),
  ];
  return Buffer.concat([
    bytes(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00),
    section(
      1,
      all.map(([parameters, results]) =>
        Buffer.concat([bytes(0x60), held(Buffer.alloc(parameters, I32)), held(Buffer.alloc(results, I32))]),
      ),
    ),
    section(2, imported),
    section(
      3,
      functions.map(() => FIRST_TYPE),
    ),
    section(
      4,
      tables.map((each) => Buffer.concat([bytes(0x70), limits(each)])),
    ),
    section(5, own === undefined ? [] : [limits(own)]),
    ...(parts.start === true ? [bytes(8), held(leb(imports.length))] : []),
    ...other.map((id) => Buffer.concat([bytes(id), held(bytes(0))])),
    section(10, functions.map(bodyOf)),
  ]);
}

/** Instructions. */
export const CODE = {
  trap: bytes(0x00),
  /** `loop br 0 end` */
  endless: bytes(0x03, 0x40, 0x0c, 0x00, 0x0b),
  /** `loop (memory.grow 1) drop br 0 end` */
  grow: bytes(0x03, 0x40, 0x41, 0x01, 0x40, 0x00, 0x1a, 0x0c, 0x00, 0x0b),
} as const;
