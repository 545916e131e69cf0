/** From parsed modules to the rule index: form, reads and data of every rule, and all that is wrong. */
import { documentJsonSchema } from "../../input/document.ts";
import type { JsonObject } from "../../input/strict-json.ts";
import { recordTypes, spellingProblems, useProblems } from "../data-types.ts";
import {
  CONTRACT_VERSION,
  type DataUse,
  type IndexedCheck,
  type IndexedRule,
  type RuleIndex,
} from "../rule-index.ts";
import type { Module, Rule, Term } from "./ast.ts";
import type { Builtins } from "./builtins.ts";
import { entrypointsDigest, generateEntrypoints } from "./entrypoints.ts";
import { type Followed, followRule } from "./follow.ts";
import { type FoundRule, findRules } from "./index-rules.ts";
import { Linter } from "./lint/lint.ts";
import type { Packages } from "./names.ts";
import { compareText, type Problem } from "./problem.ts";
import { referenceProblems, shadowProblems } from "./references.ts";
import { anyFactNode, documentNode, factNode, type SchemaNode, schemaNode } from "./schema-node.ts";
import type { TestFile } from "./test-file.ts";

/** What a rule's verdict hangs on, for the check against `opa deps`. */
export interface RuleReads {
  readonly rule: FoundRule;
  readonly input: ReadonlySet<string>;
  readonly data: ReadonlySet<string>;
}

export interface Analysis {
  readonly index: RuleIndex;
  readonly reads: readonly RuleReads[];
  readonly problems: readonly Problem[];
  /** What the lint saw of the rules that could be followed. */
  readonly linter: Linter;
}

export interface AnalyseOptions {
  readonly modules: readonly Module[];
  readonly tests: readonly TestFile[];
  readonly data: JsonObject;
  readonly opaVersion: string;
  /** The built-ins that the runtime has. */
  readonly builtins: Builtins;
}

/** Works through all rules; the index is only to be used where there are no problems. */
export function analyse({ modules, tests, data, opaVersion, builtins }: AnalyseOptions): Analysis {
  const problems: Problem[] = modules.flatMap((module) => [
    ...referenceProblems(module),
    ...shadowProblems(module, builtins),
  ]);
  const rules = findRules(modules, tests, problems);
  const schema = schemaNode(documentJsonSchema());
  const libraries = modules.filter(({ package: [root] }) => root === "lib");
  const reads: RuleReads[] = [];
  const linter = new Linter();
  const indexed = rules.map((rule): IndexedRule => {
    const {
      entry,
      input,
      data: dataReads,
    } = indexRule(rule, { libraries, schema, builtins, data, linter, problems });
    reads.push({ rule, input, data: dataReads });
    return entry;
  });
  indexed.sort((a, b) => (a.name < b.name ? -1 : 1));
  const entrypoints = generateEntrypoints({ rules: indexed });
  return {
    index: {
      contract: CONTRACT_VERSION,
      opa: opaVersion,
      entrypoints_sha256: entrypointsDigest(entrypoints),
      reads_raw: modules.some(({ strings }) => strings.has("raw")),
      rules: indexed,
    },
    reads,
    problems,
    linter,
  };
}

/** What one rule is indexed with, and where its problems go. */
interface Indexing {
  readonly libraries: readonly Module[];
  readonly schema: SchemaNode;
  readonly builtins: Builtins;
  readonly data: JsonObject;
  readonly linter: Linter;
  readonly problems: Problem[];
}

function indexRule(
  rule: FoundRule,
  { libraries, schema, builtins, data, linter, problems }: Indexing,
): { entry: IndexedRule; input: Set<string>; data: Set<string> } {
  const { module, metadata } = rule;
  const packages: Packages = new Map(
    [module, ...libraries].map((each) => [each.package.join("."), each] as const),
  );
  const shortName = rule.name.slice(rule.name.indexOf("/") + 1);
  const context = {
    packages,
    document: documentNode(schema, shortName, factNodes(rule, anyFactNode(schema), problems)),
    optional: new Set(metadata.optional),
    builtins,
    watch: linter,
  };
  const input = new Set<string>();
  const dataReads = new Set<string>();
  const dataUses = new Map<string, Set<DataUse>>();
  const follow = (body: Rule): Followed => {
    const followed = followRule(context, module, body);
    problems.push(...followed.problems);
    for (const path of followed.data) dataReads.add(path);
    for (const [path, uses] of followed.dataUses) {
      dataUses.set(path, new Set([...(dataUses.get(path) ?? []), ...uses]));
    }
    return followed;
  };
  const checks = rule.checks.map(({ part, code, rule: body }): IndexedCheck => {
    const { reads } = follow(body);
    for (const path of reads) input.add(path);
    const consequence = metadata.requires.get(code);
    return {
      code,
      part,
      ...(part === "require" && consequence !== undefined ? { consequence } : {}),
      line: body.line,
      reads: [...reads],
    };
  });
  for (const [name, body] of rule.facts) {
    if (follow(body).reads.length === 0) continue;
    problems.push({
      file: module.file,
      line: body.line,
      message: `own-facts: facts["${name}"] reads input, but it is asked once, before any input`,
    });
  }
  const at = { file: module.file, line: module.packageLine };
  const spared = sparedFacts(rule, shortName);
  for (const path of metadata.optional) {
    if (isTooWide(path) && !spared.has(path)) {
      problems.push({
        ...at,
        message: `\`optional\` lists ${path}: without it nothing is seen; ${OPTIONAL_HINT}`,
      });
    }
    if ([...input].some((read) => read === path || read.startsWith(`${path}.`))) continue;
    problems.push({ ...at, message: `\`optional\` lists ${path}, which the rule does not read` });
  }
  const types = recordTypes([...dataReads], metadata.allowEmpty, data);
  // What is wrong with the data here is said here; the index holds what other data is then held against.
  const uses: IndexedRule["data_uses"] = [];
  for (const [path, each] of [...dataUses].sort(([a], [b]) => compareText(a, b))) {
    const use = { path, uses: [...each].sort() };
    const misused = [...useProblems([use], data), ...spellingProblems([use], data)];
    if (misused.length === 0) uses.push(use);
    types.problems.push(...misused);
  }
  problems.push(...types.problems.map((message) => ({ ...at, message })));
  checks.sort((a, b) => a.line - b.line);
  return {
    input,
    data: dataReads,
    entry: {
      name: rule.name,
      group: rule.group,
      file: module.file,
      title: metadata.title,
      description: metadata.description,
      severity: metadata.severity,
      kinds: [...metadata.kinds],
      mandatory: metadata.mandatory,
      ...(metadata.flagOnce === undefined ? {} : { flag_once: metadata.flagOnce }),
      checks,
      optional: [...metadata.optional],
      data: types.reads,
      data_uses: uses,
      has_values: rule.hasValues,
      messages: [...rule.messages],
      has_facts: rule.facts.size > 0,
    },
  };
}

/** The shape of each declared fact's answer, as far as its query says it in literals. */
function factNodes(rule: FoundRule, any: SchemaNode, problems: Problem[]): Map<string, SchemaNode> {
  const nodes = new Map<string, SchemaNode>();
  for (const [name, { head, line }] of rule.facts) {
    const query = head.value;
    if (query?.type !== "object") continue;
    const member = (key: string) =>
      query.entries.find(([each]) => each.type === "constant" && each.value === key)?.[1];
    const kind = member("kind");
    const by = member("by");
    const isLiteral = query.entries.every(([key]) => isText(key)) && (by === undefined || isTextList(by));
    if (kind?.type !== "constant" || typeof kind.value !== "string" || !isLiteral) {
      problems.push({
        file: rule.module.file,
        line,
        message: `facts["${name}"]: \`kind\` and \`by\` are literals, and so are the names of all members`,
      });
      continue;
    }
    const paths = by?.type === "array" ? by.items : [];
    nodes.set(name, factNode(any, kind.value, paths.some(isPathByElement)));
  }
  return nodes;
}

/**
 * The facts that may be absent where the host sees why: what is replaced, where nothing is; of a message by its tokens
 * or recipients, where it moves nothing; of a deposit by its senders, where it names none.
 */
function sparedFacts({ facts, group }: FoundRule, shortName: string): ReadonlySet<string> {
  const spared = [...facts].filter(([, { head }]) => {
    const by = memberOf(head.value, "by");
    if (group === "deposit") return by.includes("transaction.sources[].address");
    if (group !== "message") return memberOf(head.value, "kind").includes("movement");
    return by.includes("transaction.totals[].token") || by.includes("transaction.destinations[].address");
  });
  return new Set(spared.map(([name]) => `facts.${shortName}.${name}`));
}

/** The literals of one member of a query. */
function memberOf(query: Term | undefined, name: string): unknown[] {
  if (query?.type !== "object") return [];
  const member = query.entries.find(([key]) => key.type === "constant" && key.value === name)?.[1];
  const items = member?.type === "array" ? member.items : [member];
  return items.flatMap((item) => (item?.type === "constant" ? [item.value] : []));
}

function isText(term: Term): boolean {
  return term.type === "constant" && typeof term.value === "string";
}

function isTextList(term: Term): boolean {
  return term.type === "array" && term.items.every(isText);
}

function isPathByElement(term: Term): boolean {
  return term.type === "constant" && typeof term.value === "string" && term.value.includes("[]");
}

const OPTIONAL_HINT = "list the member below it whose absence means something";

/**
 * What a rule looks at when it judges at all: its absence excuses nothing. Effects and totals may be absent, but only
 * where the host sees that there are none (`excuses.ts`).
 */
const NEVER_OPTIONAL: readonly string[] = [
  "evidence.key",
  "evidence.status",
  "key.participants",
  "transaction.destinations",
];

/** What a flag leaves open, of a deposit whose amount or price nobody knew. */
const FLAGGED_AMOUNT = /^facts\.[^.]+\.[^.]+\.\*\.open\.\*\.amount(\.|$)/;

/** Requests of version 1 name no wallet, and many push messages nobody who asked. A rule says what it makes of that. */
const MAY_BE_WHOLE: readonly string[] = ["initiator", "wallet"];

/** A whole member, a list that is not loaded, a fact that can't be had, or what every judgement needs. */
function isTooWide(path: string): boolean {
  const [first, , third] = path.split(".");
  if (first === "lists") return third === undefined;
  if (first === "facts") return !FLAGGED_AMOUNT.test(path);
  return (!path.includes(".") && !MAY_BE_WHOLE.includes(path)) || NEVER_OPTIONAL.includes(path);
}
