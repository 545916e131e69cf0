/**
 * A source folder of requirements, built without those that the build refuses, and judged as the host would:
 * document schema, followed reads, real wasm.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Document, documentSchema, type InputDocument, serialize } from "../../src/input/document.ts";
import { buildRelease } from "../../src/policy/build/build.ts";
import { BuildError } from "../../src/policy/build/problem.ts";
import { readRelease } from "../../src/policy/read-release.ts";
import { checkKey, compileReads } from "../../src/policy/reads.ts";
import type { Release } from "../../src/policy/release.ts";
import type { IndexedCheck, RuleIndex } from "../../src/policy/rule-index.ts";
import { PolicyInstance } from "../../src/policy/wasm-instance.ts";
import { memoryFor } from "../../src/policy/wasm-memory.ts";
import { compilePolicy } from "../../src/policy/wasm-module.ts";
import type { Members } from "./cases.ts";

/** @property part, code - the one check of the rule that is asked. */
export interface Asked {
  readonly name: string;
  readonly part: IndexedCheck["part"];
  readonly code: string;
}

/** A policy that answers for one check after the other. Of each document the member `raw` is the original. */
export interface Judge {
  readonly index: RuleIndex;
  /** Whether the check holds for this document, as the host counts it. */
  holds(asked: Asked, document: Members): boolean;
  /** The same by the word of Rego alone, whatever it could not see; `undefined` where the schema refuses it. */
  says(asked: Asked, document: Members): boolean | undefined;
}

/** @property refused - the messages of the build by the short name of the rule. */
export interface JudgedSource extends Judge {
  readonly refused: ReadonlyMap<string, readonly string[]>;
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
      return { refused, ...(await judgeOf(await readRelease(bytes))) };
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

export async function judgeOf({
  index,
  wasm,
  data,
}: Pick<Release, "index" | "wasm" | "data">): Promise<Judge> {
  const bytes = new Uint8Array(data);
  const policy = await PolicyInstance.create(await compilePolicy(wasm), memoryFor(bytes));
  policy.setData(bytes.buffer);
  const reads = compileReads(index);
  const says = (asked: Asked, input: InputDocument) => {
    const [answer] = JSON.parse(policy.evaluate("countersign/decision", serialize(input, index.reads_raw)));
    return answer.result[asked.name][asked.part][asked.code] === true;
  };
  const sees = ({ name, ...check }: Asked, input: InputDocument) => {
    const { group } = input.document;
    return !reads.absentReads(group, input).has(checkKey({ name: `${group}/${name}` }, check));
  };
  return {
    index,
    holds: (asked, document) => {
      const input = inputOf(document);
      return input !== undefined && sees(asked, input) && says(asked, input);
    },
    says: (asked, document) => {
      const input = inputOf(document);
      return input === undefined ? undefined : says(asked, input);
    },
  };
}

/** `undefined` where the document is not what its schema says: no rule is asked about such a one. */
function inputOf({ raw = {}, ...members }: Members): InputDocument | undefined {
  const parsed = documentSchema.safeParse(members);
  if (!parsed.success) return undefined;
  const document: Document = parsed.data;
  return { document, raw: JSON.stringify(raw) };
}
