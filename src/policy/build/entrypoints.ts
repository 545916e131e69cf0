/**
 * The entrypoints of a release, written from its rule index: what the host asks, and nothing an author wrote.
 *
 * Each part of each rule is named, because naming a whole package would evaluate all of it (rule contract,
 * sections 5 and 6). A package that is missing leaves its part undefined and the answer with it.
 */
import { createHash } from "node:crypto";
import { GROUPS } from "../../input/document.ts";
import type { IndexedRule, RuleIndex } from "../rule-index.ts";

type Rules = Pick<RuleIndex, "rules">;

/** The Rego text of `countersign/entrypoints.rego`, as `opa fmt` would write it. */
export function generateEntrypoints({ rules }: Rules): string {
  return `${HEADER}
${GROUPS.map((group) =>
  decisionOf(
    rules.filter((rule) => rule.group === group),
    group,
  ),
).join("\n")}
${EXPLAIN}${explain(rules)}
asked := object.get(input, "explain", [])

${FACTS}${facts(rules)}`;
}

/** SHA-256 of the text, in hex, as the index carries it. */
export function entrypointsDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const HEADER = `# METADATA
# description: Written by \`policy build\` from the rules. It collects; the host decides.
package countersign

# METADATA
# entrypoint: true
# scope: document
# description: The verdicts of the document's group. Nothing else of a rule is evaluated.`;

const EXPLAIN = `# METADATA
# entrypoint: true
# description: The words of the rules that the host asks about. Read by people, never judged.
`;

const FACTS = `# METADATA
# entrypoint: true
# description: What the rules ask of history. Asked once, when the release goes live; reads no input.
`;

function reference(rule: IndexedRule, part: string): string {
  return `data.rules.${rule.name.replace("/", ".")}.${part}`;
}

function shortName(rule: IndexedRule): string {
  return rule.name.slice(rule.name.indexOf("/") + 1);
}

function decisionOf(rules: readonly IndexedRule[], group: string): string {
  const lines = rules.map((rule) => {
    const parts = (["require", "approve"] as const).filter((part) =>
      rule.checks.some((check) => check.part === part),
    );
    const entries = parts.map((part) => `"${part}": ${reference(rule, part)}`);
    return `\t"${shortName(rule)}": {${entries.join(", ")}},\n`;
  });
  const object = lines.length === 0 ? "{}" : `{\n${lines.join("")}}`;
  return `decision := ${object} if input.group == "${group}"\n`;
}

/** Part by part, so that undefined `values` cost no message; a rule not asked for may appear as `{}`. */
function explain(rules: readonly IndexedRule[]): string {
  const lines = rules.flatMap((rule) => {
    const parts = [...(rule.has_values ? ["values"] : []), ...(rule.messages.length > 0 ? ["message"] : [])];
    return parts.map(
      (part) => `words["${rule.name}"].${part} := ${reference(rule, part)} if "${rule.name}" in asked\n`,
    );
  });
  return lines.length === 0 ? "explain := {}\n" : ["explain := words\n", ...lines].join("\n");
}

function facts(rules: readonly IndexedRule[]): string {
  const groups = GROUPS.flatMap((group) => {
    const entries = rules
      .filter((rule) => rule.group === group && rule.has_facts)
      .map((rule) => `"${shortName(rule)}": ${reference(rule, "facts")}`);
    return entries.length === 0 ? [] : [`\t"${group}": {${entries.join(", ")}},\n`];
  });
  return groups.length === 0 ? "facts := {}\n" : `facts := {\n${groups.join("")}}\n`;
}
