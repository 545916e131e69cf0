/**
 * Which rules a source has, and whether each has the one form that host and reader can trust (design 3.5,
 * layer 2). OPA merges packages wherever they lie and takes many spellings of a head; here a package has one
 * file, a code has one body, and anything else is a problem with its line.
 */
import { GROUPS, type Group } from "../../input/document.ts";
import type { Head, Module, Rule, Term } from "./ast.ts";
import { type Metadata, readMetadata, strayAnnotationProblems } from "./metadata.ts";
import type { Problem } from "./problem.ts";

export type Part = "require" | "approve";

/** One body: `require["CODE"] if …`. */
export interface FoundCheck {
  readonly part: Part;
  readonly code: string;
  readonly rule: Rule;
}

/** @property facts - the rule's history queries: `facts["name"] := {…}`. */
export interface FoundRule {
  readonly name: string;
  readonly group: Group;
  readonly module: Module;
  readonly metadata: Metadata;
  readonly checks: readonly FoundCheck[];
  readonly facts: ReadonlyMap<string, Rule>;
  readonly hasValues: boolean;
  readonly messages: readonly string[];
}

const NAME = /^[a-z][a-z0-9_]*$/;
const FACT_NAME = /^[a-z][a-z0-9_]*$/;

/** Finds all rules; whatever is wrong with any of them goes into `problems`. */
export function findRules(
  modules: readonly Module[],
  tests: readonly TestFile[],
  problems: Problem[],
): FoundRule[] {
  for (const module of tests) {
    if (module.package[0] !== "tests") {
      problems.push({
        file: module.file,
        line: module.packageLine,
        message: `tests lie in packages of their own: write \`package tests.${module.package.slice(-1)[0] ?? "name"}\``,
      });
    }
    if (!/^(rules\/[^/]+\/[^/]+|lib)\/[^/]+$/.test(module.file)) {
      problems.push({ file: module.file, message: "a test lies beside its rule, or in lib/" });
    }
  }
  return modules.flatMap((module) => {
    problems.push(...strayAnnotationProblems(module));
    importProblems(module, problems);
    if (module.file.startsWith("lib/")) {
      libProblems(module, problems);
      return [];
    }
    const found = findRule(module, problems);
    return found === undefined ? [] : [found];
  });
}

function libProblems(module: Module, problems: Problem[]): void {
  const name = /^lib\/([a-z][a-z0-9_]*)\.rego$/.exec(module.file)?.[1];
  if (name === undefined) {
    problems.push({ file: module.file, message: "a library is one file lib/<name>.rego, in lower case" });
  } else if (!isPackage(module, ["lib", name])) {
    problems.push({
      file: module.file,
      line: module.packageLine,
      message: `must be \`package lib.${name}\``,
    });
  }
}

function findRule(module: Module, problems: Problem[]): FoundRule | undefined {
  const report = (line: number, message: string) => problems.push({ file: module.file, line, message });
  const match = /^rules\/([^/]+)\/([^/]+)\/rule\.rego$/.exec(module.file);
  if (match === null) {
    report(
      module.packageLine,
      "no rule or library lies here: a rule is rules/<group>/<rule>/rule.rego, its tests are *_test.rego beside it, helpers go into it or into lib/<name>.rego",
    );
    return undefined;
  }
  const [, groupName = "", ruleName = ""] = match;
  const group = GROUPS.find((each) => each === groupName);
  if (group === undefined) report(module.packageLine, `there is no group ${groupName}: ${GROUPS.join(", ")}`);
  if (!NAME.test(ruleName))
    report(module.packageLine, `${ruleName}: a rule's name is lower case letters, digits and _`);
  const isOwnPackage = isPackage(module, ["rules", groupName, ruleName]);
  if (!isOwnPackage) {
    report(module.packageLine, `the package must be the folder: \`package rules.${groupName}.${ruleName}\``);
  }
  if (group === undefined || !NAME.test(ruleName)) return undefined;
  const metadata = readMetadata(module, group, problems);
  const name = `${group}/${ruleName}`;
  const checks = findChecks(module, problems);
  const facts = findFacts(module, problems);
  const messages = findMessages(module, checks, problems);
  if (metadata !== undefined) compareCodes(module, metadata, checks, problems);
  if (metadata === undefined || !isOwnPackage) return undefined;
  const hasValues = module.rules.some(({ head }) => head.name === "values");
  return { name, group, module, metadata, checks, facts, hasValues, messages };
}

/** Step by step: `package rules["transfer.a"]` is another one than `rules.transfer.a`. */
function isPackage({ package: path }: Module, expected: readonly string[]): boolean {
  return path.length === expected.length && path.every((step, at) => step === expected[at]);
}

function importProblems(module: Module, problems: Problem[]): void {
  for (const { path, line } of module.imports) {
    const [root, second] = path;
    const isKnown =
      root === "input" || (root === "data" && second !== undefined) || path.join(".") === "rego.v1";
    if (isKnown) continue;
    problems.push({
      file: module.file,
      line,
      message: `import ${path.join(".")}: a rule imports input.…, data.lib.<name> or a table of data`,
    });
  }
}

import type { TestFile } from "./test-file.ts";

function literal(term: Term | undefined): string | undefined {
  return term?.type === "constant" && typeof term.value === "string" ? term.value : undefined;
}

function findChecks(module: Module, problems: Problem[]): FoundCheck[] {
  const checks: FoundCheck[] = [];
  for (const rule of module.rules) {
    const part = rule.head.name;
    if (part !== "require" && part !== "approve") continue;
    const report = (message: string) => problems.push({ file: module.file, line: rule.line, message });
    const code = literal(rule.head.steps[0]);
    const wrong = formFault(rule);
    if (wrong !== undefined || code === undefined) {
      report(`code-form: ${wrong ?? "the code is no literal"}: write \`${part}["CODE"] if …\``);
      continue;
    }
    const first = checks.find((check) => check.code === code);
    if (first === undefined) checks.push({ part, code, rule });
    else {
      report(
        `one-body-per-code: ${code} has a body in line ${first.rule.line}, either would do: put alternatives into a helper`,
      );
    }
  }
  return checks;
}

/** What keeps a head from being exactly `part["LITERAL"] if …`. */
function formFault({ isDefault, otherwise, head, generatedBody }: Rule): string | undefined {
  if (isDefault) return "a default makes true of what was not seen";
  if (otherwise !== undefined) return "an else makes true of what was not seen";
  if (head.args !== undefined) return "this is a function";
  if (head.key !== undefined) return "this is a set";
  if (head.steps.length === 0) return "this is the whole object";
  if (head.steps.length > 1) return "there is more than one step";
  if (literal(head.steps[0]) === undefined) return "the code is a variable";
  if (head.assign || !isTrue(head)) return "a value is assigned";
  return generatedBody ? "there is no condition" : undefined;
}

function isTrue({ value }: Head): boolean {
  return value === undefined || (value.type === "constant" && value.value === true);
}

function findFacts(module: Module, problems: Problem[]): Map<string, Rule> {
  const facts = new Map<string, Rule>();
  for (const rule of module.rules) {
    const { head } = rule;
    if (head.name !== "facts") continue;
    const name = literal(head.steps[0]);
    const fits =
      name !== undefined &&
      FACT_NAME.test(name) &&
      head.steps.length === 1 &&
      head.args === undefined &&
      head.value?.type === "object" &&
      rule.generatedBody &&
      !rule.isDefault &&
      rule.otherwise === undefined;
    if (!fits || facts.has(name)) {
      const message = fits
        ? `facts["${name}"] is there twice`
        : 'a fact is `facts["name"] := {…}`, without a condition';
      problems.push({ file: module.file, line: rule.line, message });
      continue;
    }
    facts.set(name, rule);
  }
  return facts;
}

function findMessages(module: Module, checks: readonly FoundCheck[], problems: Problem[]): string[] {
  const messages = new Set<string>();
  for (const { head, line } of module.rules) {
    if (head.name !== "message") continue;
    const code = literal(head.steps[0]);
    if (code === undefined || head.steps.length !== 1 || head.args !== undefined || head.key !== undefined) {
      problems.push({ file: module.file, line, message: 'a message is `message["CODE"] := "…"`' });
    } else if (!checks.some((check) => check.code === code)) {
      problems.push({ file: module.file, line, message: `message["${code}"]: the rule has no code ${code}` });
    } else messages.add(code);
  }
  return [...messages].sort();
}

/** The same codes in METADATA and in Rego, in the same part. */
function compareCodes(
  module: Module,
  metadata: Metadata,
  checks: readonly FoundCheck[],
  problems: Problem[],
): void {
  const listed = [
    ...[...metadata.requires.keys()].map((code) => ({ part: "require", code }) as const),
    ...metadata.approves.map((code) => ({ part: "approve", code }) as const),
  ];
  for (const { part, code } of listed) {
    if (checks.some((check) => check.part === part && check.code === code)) continue;
    const line = module.annotations.find(({ scope }) => scope === "package")?.line ?? module.packageLine;
    problems.push({
      file: module.file,
      line,
      message: `METADATA lists ${code}, but there is no \`${part}["${code}"] if …\``,
    });
  }
  for (const { part, code, rule } of checks) {
    if (listed.some((each) => each.part === part && each.code === code)) continue;
    const where = part === "require" ? `requires: {${code}: deny}` : `approves: [${code}]`;
    problems.push({
      file: module.file,
      line: rule.line,
      message: `${code} is not in METADATA: add \`${where}\``,
    });
  }
}
