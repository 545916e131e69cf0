/**
 * A source folder of requirements, built without those that the build refuses, and judged as the host would:
 * document schema, followed reads, real wasm.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { documentSchema } from "../../src/input/document.ts";
import { buildRelease } from "../../src/policy/build/build.ts";
import { BuildError } from "../../src/policy/build/problem.ts";
import { readRelease } from "../../src/policy/read-release.ts";
import { type CompiledReads, checkKey, compileReads } from "../../src/policy/reads.ts";
import type { IndexedCheck, RuleIndex } from "../../src/policy/rule-index.ts";
import { compilePolicy, memoryFor, PolicyInstance } from "../../src/policy/wasm-instance.ts";

/** @property part, code - the one check of the rule that is asked. */
export interface Asked {
  readonly name: string;
  readonly part: IndexedCheck["part"];
  readonly code: string;
}

/** @property refused - the messages of the build by the short name of the rule. */
export interface JudgedSource {
  readonly refused: ReadonlyMap<string, readonly string[]>;
  readonly index: RuleIndex;
  /** Whether the check holds for this document, as the host counts it. */
  holds(asked: Asked, document: unknown): boolean;
}

/**
 * Builds the folder, and takes out of it what the build refuses, until the rest is built.
 *
 * @throws {BuildError} where the fault lies in no rule.
 */
export async function judgeSource(dir: string): Promise<JudgedSource> {
  const refused = new Map<string, string[]>();
  // OPA stops at the first of its stages that finds anything, so what is refused may take some rounds.
  for (;;) {
    try {
      const { bytes } = await buildRelease(dir);
      const release = await readRelease(bytes);
      const data = new Uint8Array(release.data);
      const policy = await PolicyInstance.create(await compilePolicy(release.wasm), memoryFor(data));
      policy.setData(data.buffer);
      const reads = compileReads(release.index);
      const holds = (asked: Asked, document: unknown) => judge(policy, reads, asked, document);
      return { refused, index: release.index, holds };
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      const folders = new Set<string>();
      for (const { file, message } of error.problems) {
        const [, folder, name] = /^(rules\/\w+\/(\w+))\/rule\.rego$/.exec(file) ?? [];
        if (folder === undefined || name === undefined) throw error;
        folders.add(folder);
        refused.set(name, [...(refused.get(name) ?? []), message]);
      }
      for (const folder of folders) await rm(join(dir, folder), { recursive: true });
    }
  }
}

function judge(policy: PolicyInstance, reads: CompiledReads, asked: Asked, document: unknown): boolean {
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) return false;
  const { data: checked } = parsed;
  const { name, part, code } = asked;
  const absent = reads.absentReads(checked.group, { document: checked, raw: "{}" });
  if (absent.has(checkKey({ name: `${checked.group}/${name}` }, { part, code }))) return false;
  const [answer] = JSON.parse(policy.evaluate("countersign/decision", JSON.stringify(checked)));
  return answer.result[name][part][code] === true;
}
