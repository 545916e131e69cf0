/**
 * One compiled policy with its data, ready to be asked: the only file that touches `opa-wasm`.
 *
 * What the SDK leaves open is closed here. Built-ins that a module needs from its host are listed and refused
 * by the caller. The memory is sized for the data at once (growing it step by step costs seconds at 20 MB)
 * and has a maximum. Input is the text that our own serializer wrote, never an object and never a foreign
 * buffer. The answer leaves as text, so that it is parsed once, in the host. Whatever is thrown, be it a
 * string or a plain object, becomes an `Error`; the instance is then broken for good, since an abort does not
 * unwind the module's stack and about a thousand of them poison it.
 */
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import { messageOf } from "../thrown.ts";
import { memoryFor, PAGE } from "./wasm-memory.ts";
import type { CompiledPolicy } from "./wasm-module.ts";

interface PolicyExports {
  builtins(): number;
  opa_json_dump(address: number): number;
  opa_eval(
    reserved: 0,
    entrypoint: number,
    data: number,
    input: number,
    inputLength: number,
    heap: number,
    format: 0,
  ): number;
}

/** What is used of the SDK's `LoadedPolicy`; its own declarations need the DOM's types. */
interface LoadedPolicy {
  readonly minorVersion: number;
  readonly mem: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly wasmInstance: { readonly exports: PolicyExports };
  readonly entrypoints: Readonly<Record<string, number>>;
  readonly dataAddr: number;
  readonly dataHeapPtr: number;
  setData(data: ArrayBuffer): void;
}

/** An answer larger than this is none: the host would stand still while it parses it. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const MAX_BYTES_A_UNIT = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Anything thrown, as an `Error`: the SDK throws strings and plain objects. */
function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

export class PolicyInstance {
  readonly #policy: LoadedPolicy;
  #bytes: Uint8Array;
  #broken = false;

  private constructor(policy: LoadedPolicy) {
    this.#policy = policy;
    this.#bytes = new Uint8Array(policy.mem.buffer);
  }

  /**
   * An instance without data.
   *
   * @param pages - from {@link memoryFor}, for the data that `setData` will bring; without it for none.
   * @throws Error where the module is not one that OPA compiled (ABI 1.2 or later).
   */
  static async create(module: CompiledPolicy, pages = memoryFor(new Uint8Array())): Promise<PolicyInstance> {
    try {
      const policy: LoadedPolicy = await loadPolicy(module, { ...pages });
      if (!(policy.minorVersion >= 2)) throw new Error("the module's ABI is older than 1.2");
      return new PolicyInstance(policy);
    } catch (thrown) {
      throw toError(thrown);
    }
  }

  /** The built-ins that the module expects its host to bring. */
  builtins(): string[] {
    const { exports } = this.#policy.wasmInstance;
    const text = this.#guarded(() => this.#textAt(exports.opa_json_dump(exports.builtins())));
    const builtins: unknown = JSON.parse(text);
    if (typeof builtins !== "object" || builtins === null) throw new Error("the module lists no built-ins");
    return Object.keys(builtins);
  }

  /** Entrypoint names. */
  entrypoints(): string[] {
    return Object.keys(this.#policy.entrypoints);
  }

  /**
   * @param json - JSON text in UTF-8 that was checked before: the module's parser accepts what is none.
   */
  setData(json: ArrayBuffer): void {
    this.#guarded(() => this.#policy.setData(json));
  }

  /**
   * @param input - JSON text of an object.
   * @returns the result set as JSON text: `[]` where the entrypoint is undefined, else `[{"result":…}]`.
   * @throws Error where the policy aborted or trapped; the instance is then to be dropped.
   */
  evaluate(entrypoint: string, input: string): string {
    const id = Object.hasOwn(this.#policy.entrypoints, entrypoint)
      ? this.#policy.entrypoints[entrypoint]
      : undefined;
    if (id === undefined) throw new Error(`the module has no entrypoint ${entrypoint}`);
    return this.#guarded(() => {
      const { dataAddr, dataHeapPtr, wasmInstance } = this.#policy;
      this.#reserve(dataHeapPtr + input.length * MAX_BYTES_A_UNIT);
      const { read, written } = encoder.encodeInto(input, this.#bytes.subarray(dataHeapPtr));
      if (read !== input.length) throw new Error("the input did not fit into the policy's memory");
      const heap = dataHeapPtr + written;
      return this.#textAt(wasmInstance.exports.opa_eval(0, id, dataAddr, dataHeapPtr, written, heap, 0));
    });
  }

  #reserve(bytes: number): void {
    const missing = bytes - this.#view().byteLength;
    if (missing > 0) this.#policy.mem.grow(Math.ceil(missing / PAGE));
    this.#view();
  }

  /** The memory as it is now: growing replaces its buffer. */
  #view(): Uint8Array {
    if (this.#bytes.buffer !== this.#policy.mem.buffer) this.#bytes = new Uint8Array(this.#policy.mem.buffer);
    return this.#bytes;
  }

  #textAt(address: number): string {
    const bytes = this.#view();
    const end = bytes.indexOf(0, address);
    if (address === 0 || end < 0) throw new Error("the policy returned no text");
    if (end - address > MAX_ANSWER_BYTES) throw new Error(`the policy's answer has ${end - address} bytes`);
    return decoder.decode(bytes.subarray(address, end));
  }

  #guarded<T>(run: () => T): T {
    if (this.#broken) throw new Error("the instance is broken");
    try {
      return run();
    } catch (thrown) {
      this.#broken = true;
      throw toError(thrown);
    }
  }
}
