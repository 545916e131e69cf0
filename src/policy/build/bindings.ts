/** How variables get their values: by patterns, equations, `some` and `every`, and by the result of a call. */
import type { Place, Term } from "./ast.ts";
import { noteComparison } from "./builtins.ts";
import { type Evaluate, type Frame, isGiven } from "./frame.ts";
import type { Names } from "./names.ts";
import type { Reader, Step } from "./reader.ts";
import { constant, union, type Values } from "./values.ts";

type Call = Extract<Term, { type: "call" }>;

/** @property stepsOf - the names that a step may stand for, in these values. */
export interface BindingParts {
  readonly reader: Reader;
  readonly names: Names;
  readonly evaluate: Evaluate;
  readonly stepsOf: (step: Term, values: Values, frame: Frame) => readonly Step[];
}

export class Bindings {
  readonly #reader: Reader;
  readonly #names: Names;
  readonly #evaluate: Evaluate;
  readonly #stepsOf: BindingParts["stepsOf"];

  constructor({ reader, names, evaluate, stepsOf }: BindingParts) {
    this.#reader = reader;
    this.#names = names;
    this.#evaluate = evaluate;
    this.#stepsOf = stepsOf;
  }

  /** Binds the variables of a pattern to what the values hold in their places. */
  bind(pattern: Term, values: Values, frame: Frame, source: object, declares: boolean): void {
    switch (pattern.type) {
      case "var":
        if (declares) frame.scope.declare(pattern.name);
        if (!this.#names.isLocal(pattern.name, frame)) break;
        frame.scope.bind(pattern.name, source, values);
        return;
      case "array":
        for (const [at, item] of pattern.items.entries()) {
          const inside = this.#reader.placeIn(values, at, pattern.items.length, pattern);
          this.bind(item, inside, frame, item, declares);
        }
        return;
      case "object":
        for (const [key, item] of pattern.entries) {
          this.#refuseDestructuring(values, pattern);
          const inside = union(
            ...this.#stepsOf(key, values, frame).map((step) => this.#reader.step(values, step, pattern)),
          );
          this.bind(item, inside, frame, item, declares);
        }
        return;
    }
    this.#reader.consume(this.#evaluate(pattern, frame), pattern);
    this.#reader.consume(values, pattern);
  }

  #refuseDestructuring(values: Values, place: Place): void {
    if (values.some((value) => value.kind === "document" && value.node.type !== "any")) {
      this.#reader.problem(place, "cannot follow an object pattern over the document: use references");
    }
  }

  /** One symbol of a `some`, with or without `in`. */
  some(symbol: Term, frame: Frame): void {
    if (symbol.type === "var") {
      frame.scope.declare(symbol.name);
      return;
    }
    const args = symbol.type === "call" ? symbol.args : [];
    const domain = args.at(-1);
    const value = args.at(-2);
    const key = args.length === 3 ? args[0] : undefined;
    if (domain === undefined || value === undefined) {
      this.#reader.problem(symbol, "cannot follow this `some`");
      return;
    }
    const values = this.#evaluate(domain, frame);
    this.loop(key, value, values, frame, domain);
  }

  /** A key and a value that run through what the domain holds. */
  loop(key: Term | undefined, value: Term, values: Values, frame: Frame, domain: Place): void {
    if (key !== undefined) this.bind(key, this.#reader.keys(values), frame, key, true);
    const isOne = key?.type === "constant" && typeof key.value === "string";
    const elements = isOne
      ? this.#reader.elementsUnder(String(key.value), values, domain)
      : this.#reader.elements(values, domain);
    this.bind(value, elements, frame, value, true);
  }

  /** `:=` or `=`. */
  unify(call: Call, frame: Frame): void {
    const [left, right] = call.args;
    if (left === undefined || right === undefined) {
      this.#reader.problem(call, "cannot follow this equation");
      return;
    }
    this.#equate(left, right, frame, call.operator === "assign");
  }

  #equate(left: Term, right: Term, frame: Frame, assigns: boolean): void {
    if (left.type === "array" && right.type === "array" && left.items.length === right.items.length) {
      for (const [index, item] of left.items.entries()) {
        const other = right.items[index];
        if (other !== undefined) this.#equate(item, other, frame, assigns);
      }
      return;
    }
    if (assigns) {
      this.bind(left, this.#evaluate(right, frame), frame, left, true);
      return;
    }
    const bindsLeft = this.#names.isFree(left, frame);
    const bindsRight = this.#names.isFree(right, frame);
    if (bindsLeft && bindsRight) return;
    if (bindsLeft || left.type === "array" || left.type === "object") {
      this.bind(left, this.#evaluate(right, frame), frame, left, false);
    } else if (bindsRight || right.type === "array" || right.type === "object") {
      this.bind(right, this.#evaluate(left, frame), frame, right, false);
    } else {
      const [one, other] = [this.#evaluate(left, frame), this.#evaluate(right, frame)];
      this.#reader.consume(one, left);
      this.#reader.consume(other, right);
      if (!isGiven(left, frame) && !isGiven(right, frame)) noteComparison(this.#reader, one, other);
    }
  }

  /** A call may name a place for its result as one more argument; it is then a statement. */
  output(call: Call, into: Term | undefined, result: Values, frame: Frame): Values {
    if (into === undefined) return result;
    if (this.#names.isFree(into, frame) || into.type === "array" || into.type === "object") {
      this.bind(into, result, frame, into, false);
    } else {
      this.#reader.consume(this.#evaluate(into, frame), call);
      this.#reader.consume(result, call);
    }
    return constant(true);
  }
}
