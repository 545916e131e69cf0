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
import type { Module, Rule } from "./ast.ts";
import type { Builtins } from "./builtins.ts";
import { entrypointsDigest, generateEntrypoints } from "./entrypoints.ts";
import { factNodes } from "./fact-nodes.ts";
import { type FollowContext, type Followed, followRule } from "./follow.ts";
import { type FoundRule, findRules } from "./index-rules.ts";
import { Linter } from "./lint/lint.ts";
import type { Packages } from "./names.ts";
import { optionalProblems } from "./optional.ts";
import { compareText, type Problem } from "./problem.ts";
import { referenceProblems, shadowProblems } from "./references.ts";
import { anyFactNode, documentNode, type SchemaNode, schemaNode } from "./schema-node.ts";
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
  const context: FollowContext = {
    packages,
    document: documentNode(schema, shortName, factNodes(rule, anyFactNode(schema), problems)),
    optional: new Set(metadata.optional),
    builtins,
    watch: linter,
  };
  const { checks, input, dataReads, dataUses } = followAll(rule, context, problems);
  const types = recordTypes([...dataReads], metadata.allowEmpty, data);
  const { uses, misused } = indexUses(dataUses, data);
  const wrong = [...optionalProblems(rule, shortName, input), ...types.problems, ...misused];
  problems.push(...wrong.map((message) => ({ file: module.file, line: module.packageLine, message })));
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

/** @property checks - by the lines they begin in. @property input - what they read of the document. */
interface FollowedRule {
  readonly checks: IndexedCheck[];
  readonly input: Set<string>;
  readonly dataReads: Set<string>;
  readonly dataUses: Map<string, Set<DataUse>>;
}

/** Follows all that a rule requires, approves and asks of history. */
function followAll(rule: FoundRule, context: FollowContext, problems: Problem[]): FollowedRule {
  const { module, metadata } = rule;
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
  checks.sort((a, b) => a.line - b.line);
  for (const [name, body] of rule.facts) {
    if (follow(body).reads.length === 0) continue;
    problems.push({
      file: module.file,
      line: body.line,
      message: `own-facts: facts["${name}"] reads input, but it is asked once, before any input`,
    });
  }
  return { checks, input, dataReads, dataUses };
}

/** What is wrong with the data here is said here; the index holds what other data is then held against. */
function indexUses(
  dataUses: ReadonlyMap<string, ReadonlySet<DataUse>>,
  data: JsonObject,
): { uses: IndexedRule["data_uses"]; misused: readonly string[] } {
  const uses: IndexedRule["data_uses"] = [];
  const misused: string[] = [];
  for (const [path, each] of [...dataUses].sort(([a], [b]) => compareText(a, b))) {
    const use = { path, uses: [...each].sort() };
    const found = [...useProblems([use], data), ...spellingProblems([use], data)];
    if (found.length === 0) uses.push(use);
    misused.push(...found);
  }
  return { uses, misused };
}
