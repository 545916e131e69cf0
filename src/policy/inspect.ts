/** What a release holds, for people and for scripts: read from its bytes, never evaluated. */
import { isJsonObject, parseStrictJson, stringifyJson } from "../input/strict-json.ts";
import { readRelease } from "./read-release.ts";
import type { HostData, ReleaseIdentity } from "./release.ts";
import type { RuleIndex } from "./rule-index.ts";
import { PolicyInstance } from "./wasm-instance.ts";
import { memoryFor } from "./wasm-memory.ts";
import { compilePolicy } from "./wasm-module.ts";

/**
 * @property dataBytes - size of each root of the data, as compact JSON in UTF-8.
 * @property cases - how many self-tests it carries.
 * @property builtins - what the module expects its host to bring; the host brings none.
 */
export interface Inspection {
  readonly identity: ReleaseIdentity;
  readonly opa: string;
  readonly contract: number;
  readonly rules: RuleIndex["rules"];
  readonly modes: NonNullable<HostData["modes"]>;
  readonly entrypoints: readonly string[];
  readonly builtins: readonly string[];
  readonly wasmBytes: number;
  readonly dataBytes: Readonly<Record<string, number>>;
  readonly cases: number;
}

/** @throws {ReleaseError} where the release can't be read; an Error where its module is not OPA's. */
export async function inspectRelease(bytes: Uint8Array): Promise<Inspection> {
  const release = await readRelease(bytes);
  const instance = await PolicyInstance.create(
    await compilePolicy(release.wasm),
    memoryFor(new Uint8Array()),
  );
  const data = parseStrictJson(Buffer.from(release.data).toString());
  const roots = isJsonObject(data) ? Object.entries(data) : [];
  return {
    identity: release.identity,
    opa: release.index.opa,
    contract: release.index.contract,
    rules: release.index.rules,
    modes: release.hostData.modes ?? {},
    entrypoints: instance.entrypoints().sort(),
    builtins: instance.builtins().sort(),
    wasmBytes: release.wasm.length,
    cases: release.cases.length,
    dataBytes: Object.fromEntries(
      roots.map(([root, value]) => [root, Buffer.byteLength(stringifyJson(value))]),
    ),
  };
}
