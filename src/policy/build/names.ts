/** What a name means where it stands: a variable of a body, a rule or function, an import, or a place. */
import type { Import, Module, Rule, Term } from "./ast.ts";
import type { Frame } from "./frame.ts";

/** The modules that one rule may use: its own and `lib`, by package (`lib.amount`). */
export type Packages = ReadonlyMap<string, Module>;

/** A function, by the module that it stands in. */
export interface FunctionName {
  readonly module: Module;
  readonly name: string;
}

/** A rule under `data`. @property length - of the names that lead to its module. */
export interface RuleName {
  readonly module: Module | undefined;
  readonly rule: string | undefined;
  readonly length: number;
}

const CODE_ROOTS: ReadonlySet<string> = new Set(["rules", "lib", "countersign", "tests"]);

export class Names {
  readonly #packages: Packages;

  constructor(packages: Packages) {
    this.#packages = packages;
  }

  /** Whether it is a variable of the body, or of one around it. */
  isLocal(name: string, { scope, module }: Frame): boolean {
    if (scope.has(name)) return true;
    if (name === "input" || name === "data") return false;
    return importOf(module, name) === undefined && definitionsIn(module, name).length === 0;
  }

  /** A variable of this body that nothing but this very term binds. */
  isFree(term: Term, frame: Frame): boolean {
    return (
      term.type === "var" && this.isLocal(term.name, frame) && !frame.scope.isBoundElsewhere(term.name, term)
    );
  }

  moduleOf(rule: Rule): Module | undefined {
    return [...this.#packages.values()].find(({ file }) => file === rule.file);
  }

  /** The rule that names under `data` lead to; undefined where they are of the release's data. */
  ruleAt(names: readonly string[]): RuleName | undefined {
    const [root] = names;
    if (root === undefined || !CODE_ROOTS.has(root)) return undefined;
    const length = packageLength(root);
    return { module: this.#packages.get(names.slice(0, length).join(".")), rule: names[length], length };
  }

  /** The function of rule or library that a call means; undefined where it means a built-in, or nothing. */
  functionOf(operator: string, { module }: Frame): FunctionName | undefined {
    const names = operator.split(".");
    const [first = "", ...rest] = names;
    const imported = importOf(module, first);
    if (rest.length === 0 && imported === undefined) {
      return isFunction(module, first) ? { module, name: first } : undefined;
    }
    const path = imported === undefined ? names : [...imported.path, ...rest];
    const name = path.at(-1);
    const found = this.#packages.get(path.slice(1, -1).join("."));
    if (path[0] !== "data" || name === undefined || found === undefined) return undefined;
    return isFunction(found, name) ? { module: found, name } : undefined;
  }

  /** The rules that a name, a reference or a call means; undefined where it means none of a rule or library. */
  definitionsOf(term: Term, frame: Frame): readonly Rule[] | undefined {
    if (term.type === "call") {
      const target = this.functionOf(term.operator, frame);
      return target && definitionsIn(target.module, target.name);
    }
    const [head, ...steps] = term.type === "ref" ? [term.head, ...term.steps] : [term];
    if (head?.type !== "var" || this.isLocal(head.name, frame)) return undefined;
    const own = definitionsIn(frame.module, head.name);
    if (own.length > 0) return own;
    const imported = importOf(frame.module, head.name)?.path ?? [head.name];
    const names = [
      ...imported,
      ...steps.map((step) => (step.type === "constant" ? String(step.value) : "*")),
    ];
    const length = 1 + packageLength(names[1]);
    const module = this.#packages.get(names.slice(1, length).join("."));
    if (names[0] !== "data" || module === undefined) return undefined;
    return module.rules.filter((rule) => rule.head.name === names[length]);
  }
}

/** All definitions of a rule or function. */
export function definitionsIn({ rules }: Module, name: string): readonly Rule[] {
  return rules.filter(({ head }) => head.name === name);
}

/** `import rego.v1` names no value: `v1` stays a variable like any other. */
export function importOf({ imports }: Module, name: string): Import | undefined {
  return imports.find((each) => each.name === name && each.path[0] !== "rego");
}

function isFunction(module: Module, name: string): boolean {
  return definitionsIn(module, name).some(({ head }) => head.args !== undefined);
}

/** How many names lead to a module: `rules.GROUP.RULE`, `lib.NAME`. */
function packageLength(root: string | undefined): number {
  return root === "rules" ? 3 : 2;
}
