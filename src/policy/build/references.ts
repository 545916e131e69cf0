/**
 * What no rule and no library may contain, wherever it stands: `with`, which would put other values in the
 * place of what was proven, references to other rules or to the entrypoints, and names of built-ins.
 */
import type { Expression, Module, Place, Rule, Term } from "./ast.ts";
import type { Builtins } from "./builtins.ts";
import type { Problem } from "./problem.ts";

/** Checks named `no-with` and `no-cross-rule`. */
export function referenceProblems(module: Module): Problem[] {
  const problems: Problem[] = [];
  const report = (place: Place, message: string) =>
    problems.push({ file: module.file, line: place.line, message });
  for (const { path, line } of module.imports) {
    const fault = path[0] === "data" ? crossRule(path.slice(1), module) : undefined;
    if (fault !== undefined) report({ file: module.file, line }, fault);
  }
  for (const rule of module.rules) {
    visitRule(rule, {
      expression: (expression) => {
        if (expression.hasWith)
          report(expression, "no-with: `with` replaces what was proven: only tests may use it");
      },
      term: (term) => {
        const fault = termFault(term, module);
        if (fault !== undefined) report(term, fault);
      },
    });
  }
  return problems;
}

/**
 * Rules and imports with the name of a built-in or of its family (`array`, `internal`), and rules with the name
 * of an import, check `no-shadow`.
 *
 * OPA calls the nearest function of a name, for operators as well: `=` is `eq`, `:=` is `assign`, `in` is
 * `internal.member_2`. With such a name in a module nothing in it means what it says, to a reader or here. And
 * where a rule has the name of an import, OPA takes the import: the rule that stands there is never asked.
 */
export function shadowProblems(module: Module, builtins: Builtins): Problem[] {
  const taken = new Set([...builtins.keys()].map((name) => name.split(".", 1)[0]));
  const { file, imports, rules } = module;
  const names = [
    ...imports.map(({ name, line }) => ({ name, line, cure: "import it `as` another name" })),
    ...rules.map(({ head, line }) => ({ name: head.name, line, cure: "give the rule another name" })),
  ];
  const builtinNames = names
    .filter(({ name }) => taken.has(name))
    .map(({ name, line, cure }) => ({
      file,
      line,
      message: `no-shadow: ${name} is the name of a built-in: ${cure}`,
    }));
  const importNames = rules.flatMap(({ head, line }) => {
    const imported = imports.find(({ name, path }) => name === head.name && path[0] !== "rego");
    if (imported === undefined) return [];
    const message = `no-shadow: ${head.name} is imported in line ${imported.line}, which hides this rule: give one of them another name`;
    return [{ file, line, message }];
  });
  return [...builtinNames, ...importNames];
}

function termFault(term: Term, module: Module): string | undefined {
  if (term.type === "call" && term.operator.startsWith("data.")) {
    return crossRule(term.operator.split(".").slice(1), module);
  }
  if (term.type === "var" && term.name === "data") {
    return "no-cross-rule: data as a whole holds the rules, too: name the table";
  }
  if (term.type !== "ref" || term.head.type !== "var" || term.head.name !== "data") return undefined;
  const names: string[] = [];
  for (const step of term.steps) {
    if (step.type !== "constant" || typeof step.value !== "string") break;
    names.push(step.value);
  }
  if (names.length === 0)
    return "no-cross-rule: a variable step into data reaches the rules, too: name the table";
  return crossRule(names, module);
}

function crossRule(names: readonly string[], module: Module): string | undefined {
  const [root = ""] = names;
  if (root === "countersign" || root === "tests") return `no-cross-rule: a rule does not read data.${root}`;
  if (root !== "rules") return undefined;
  const isOwn = module.package[0] === "rules" && module.package.every((step, at) => names[at] === step);
  if (isOwn) return undefined;
  return `no-cross-rule: data.${names.join(".")} is another rule's: put what both need into lib/`;
}

interface Visitor {
  readonly expression: (expression: Expression) => void;
  readonly term: (term: Term) => void;
}

function visitRule(rule: Rule, visitor: Visitor): void {
  const { head } = rule;
  for (const term of [...head.steps, ...(head.args ?? []), head.key, head.value]) {
    if (term !== undefined) visitTerm(term, visitor);
  }
  visitBody(rule.body, visitor);
  if (rule.otherwise !== undefined) visitRule(rule.otherwise, visitor);
}

function visitBody(body: readonly Expression[], visitor: Visitor): void {
  for (const expression of body) {
    visitor.expression(expression);
    const { what } = expression;
    if (what.type === "term") visitTerm(what.term, visitor);
    else if (what.type === "some") for (const symbol of what.symbols) visitTerm(symbol, visitor);
    else {
      visitTerm(what.domain, visitor);
      visitTerm(what.value, visitor);
      if (what.key !== undefined) visitTerm(what.key, visitor);
      visitBody(what.body, visitor);
    }
  }
}

function visitTerm(term: Term, visitor: Visitor): void {
  visitor.term(term);
  switch (term.type) {
    case "ref":
      if (term.head.type !== "var") visitTerm(term.head, visitor);
      for (const step of term.steps) visitTerm(step, visitor);
      return;
    case "array":
    case "set":
      for (const item of term.items) visitTerm(item, visitor);
      return;
    case "object":
      for (const [key, value] of term.entries) {
        visitTerm(key, visitor);
        visitTerm(value, visitor);
      }
      return;
    case "template":
      visitBody(term.parts, visitor);
      return;
    case "call":
      for (const arg of term.args) visitTerm(arg, visitor);
      return;
    case "comprehension":
      if (term.key !== undefined) visitTerm(term.key, visitor);
      visitTerm(term.term, visitor);
      visitBody(term.body, visitor);
  }
}
