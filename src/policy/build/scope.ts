/**
 * The variables of one body and of the bodies around it.
 *
 * A variable has the values of every expression that binds it. A binding as the key of a lookup (`xs[i]`)
 * counts only where no other expression binds the variable: it enumerates then.
 */
import { keyOfAll, union, type Values } from "./values.ts";

interface Variable {
  readonly sources: Map<object, Values>;
  readonly asKey: Map<object, Values>;
}

export class Scope {
  readonly #parent: Scope | undefined;
  readonly #variables = new Map<string, Variable>();
  #version = 0;

  constructor(parent?: Scope) {
    this.#parent = parent;
  }

  /** Grows with each new value, so that a body can be run until nothing is new. */
  get version(): number {
    return this.#version;
  }

  /** Makes the name one of this body, whatever it means outside. */
  declare(name: string): void {
    if (!this.#variables.has(name)) this.#variables.set(name, { sources: new Map(), asKey: new Map() });
  }

  has(name: string): boolean {
    return this.#owner(name) !== undefined;
  }

  get(name: string): Values {
    const variable = this.#owner(name)?.variable;
    if (variable === undefined) return [];
    const sources = variable.sources.size > 0 ? variable.sources : variable.asKey;
    return union(...sources.values());
  }

  /** Whether the variable has its values from a lookup that enumerates, and from nowhere else. */
  isKeyOnly(name: string): boolean {
    const variable = this.#owner(name)?.variable;
    return variable !== undefined && variable.sources.size === 0 && variable.asKey.size > 0;
  }

  /** Whether any expression other than this one binds the variable. */
  isBoundElsewhere(name: string, source: object): boolean {
    const variable = this.#owner(name)?.variable;
    return variable !== undefined && [...variable.sources.keys()].some((each) => each !== source);
  }

  bind(name: string, source: object, values: Values, asKey = false): void {
    const owner = this.#owner(name);
    if (owner === undefined) {
      this.declare(name);
      this.bind(name, source, values, asKey);
      return;
    }
    const into = asKey ? owner.variable.asKey : owner.variable.sources;
    const before = into.get(source);
    const after = union(before ?? [], values);
    if (before !== undefined && keyOfAll(before) === keyOfAll(after)) return;
    into.set(source, after);
    owner.scope.#version += 1;
  }

  #owner(name: string): { scope: Scope; variable: Variable } | undefined {
    const variable = this.#variables.get(name);
    if (variable !== undefined) return { scope: this, variable };
    return this.#parent === undefined ? undefined : this.#parent.#owner(name);
  }
}
