/**
 * The rule index: what `policy build` learnt of each rule from its parsed Rego, carried by the release.
 *
 * The host trusts the index, never the shape of an answer: a code that the index does not know, or knows and
 * misses in the answer, is an error of the release. Paths are written with dots, `*` stands for each element
 * of an array or each value of an object: `transaction.destinations.*.address`.
 */
import { z } from "zod";
import { GROUPS, KINDS } from "../input/document.ts";
import { SEVERITIES } from "../severity.ts";
import { sha256Text } from "../sha256.ts";
import { CONSEQUENCES } from "./verdict.ts";

/** The version of the contract between host and release; another one is refused at activation. */
export const CONTRACT_VERSION = 1;

export const ENTRYPOINTS = ["countersign/decision", "countersign/explain", "countersign/facts"] as const;
export type Entrypoint = (typeof ENTRYPOINTS)[number];

export const RULE_CODE = /^[A-Z][A-Z0-9_]{2,63}$/;
const RULE_NAME = /^[a-z][a-z0-9_]*\/[a-z][a-z0-9_]*$/;

export const JSON_TYPES = ["string", "number", "boolean", "array", "object"] as const;
export type JsonType = (typeof JSON_TYPES)[number];

/**
 * How a rule looks into a place in the data: up by a text or by a number, through all of it, or for a text, a
 * number or `true` among its elements (a use of each element). The others are what a built-in wants there.
 */
export const DATA_USES = [
  ...["key", "index", "loop", "text", "number", "boolean"],
  ...["a_string", "a_needle", "a_number", "an_array", "an_object"],
] as const;
export type DataUse = (typeof DATA_USES)[number];

/** What the flags of a rule may have in common so that only one of them is open at a time. */
export const FLAG_ONCE = ["token_day"] as const;

const path = z.string().min(1);

/**
 * One code of a rule.
 *
 * `consequence` is there for a requirement, absent for an approval. `reads` are all document paths that its
 * body reads, followed through loops, helpers and `lib`, optional ones included.
 */
const checkSchema = z.strictObject({
  code: z.string().regex(RULE_CODE),
  part: z.enum(["require", "approve"]),
  consequence: z.enum(CONSEQUENCES).optional(),
  line: z.int().min(1),
  reads: z.array(path),
});

/** A path below `data` that the rule reads, with the JSON type it had when the release was built. */
const dataReadSchema = z.strictObject({
  path,
  type: z.enum(JSON_TYPES),
  allow_empty: z.boolean(),
});

/**
 * How the rule looks into a place below `data`, also where nothing lay at build: an empty table, or an entry that
 * may lack the member.
 */
const dataUseSchema = z.strictObject({ path, uses: z.array(z.enum(DATA_USES)).min(1) });

const ruleSchema = z.strictObject({
  name: z.string().regex(RULE_NAME),
  group: z.enum(GROUPS),
  file: z.string().min(1),
  title: z.string().min(1),
  description: z.string(),
  severity: z.enum(SEVERITIES),
  /** The kinds it judges; all of its group where the metadata names none. Never empty. */
  kinds: z.array(z.enum(KINDS)).min(1),
  mandatory: z.boolean(),
  /** Of a rule on pushes: its flags of one contract or token and one day are one. Absent: one of each transaction. */
  flag_once: z.enum(FLAG_ONCE).optional(),
  checks: z.array(checkSchema).min(1),
  /** Document paths that may be absent; below them the reads hold once the member is there. */
  optional: z.array(path),
  data: z.array(dataReadSchema),
  data_uses: z.array(dataUseSchema),
  /** Which parts for people the rule has: `values`, and the codes with a `message`. */
  has_values: z.boolean(),
  messages: z.array(z.string()),
  has_facts: z.boolean(),
});

export const ruleIndexSchema = z.strictObject({
  contract: z.literal(CONTRACT_VERSION),
  /** The version of OPA that compiled the module. */
  opa: z.string().min(1),
  /** SHA-256 (hex) of the generated entrypoints' source: they are the host's, never an author's. */
  entrypoints_sha256: sha256Text,
  /** Whether any rule reads `raw`; the host leaves the original out of the evaluation where none does. */
  reads_raw: z.boolean(),
  rules: z.array(ruleSchema),
});

export type RuleIndex = z.infer<typeof ruleIndexSchema>;
export type IndexedRule = z.infer<typeof ruleSchema>;
export type IndexedCheck = z.infer<typeof checkSchema>;

/** The names of the lists that its rules read, each once. */
export function listsOf({ rules }: RuleIndex): readonly string[] {
  const reads = rules.flatMap(({ checks }) => checks.flatMap((check) => check.reads));
  return [...new Set(reads.flatMap((read) => /^lists\.([^.*]+)/.exec(read)?.[1] ?? []))];
}
