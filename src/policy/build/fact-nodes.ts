/** The shape of what a rule is told of history, as far as its queries say it in literals. */
import type { Term } from "./ast.ts";
import type { FoundRule } from "./index-rules.ts";
import type { Problem } from "./problem.ts";
import { factNode, type SchemaNode } from "./schema-node.ts";

/** The shape of each declared fact's answer. @param any - of an answer of which nothing more is known. */
export function factNodes(rule: FoundRule, any: SchemaNode, problems: Problem[]): Map<string, SchemaNode> {
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

function isText(term: Term): boolean {
  return term.type === "constant" && typeof term.value === "string";
}

function isTextList(term: Term): boolean {
  return term.type === "array" && term.items.every(isText);
}

function isPathByElement(term: Term): boolean {
  return term.type === "constant" && typeof term.value === "string" && term.value.includes("[]");
}
