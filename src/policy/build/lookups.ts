/** Where names and references lead: to places of document and data, to what a variable has, to the value of a rule. */
import type { Module, Place, Term } from "./ast.ts";
import { noteLookup, stepsOf } from "./builtins.ts";
import { lackOf, withoutLack } from "./fallible.ts";
import { type Evaluate, type Frame, NONE_COUNTED } from "./frame.ts";
import { definitionsIn, importOf, type Names } from "./names.ts";
import type { Reader, Step } from "./reader.ts";
import type { SchemaNode } from "./schema-node.ts";
import { OPAQUE, union, type Values } from "./values.ts";

/** What the beginning of a reference means. @property steps - that are still to go from there. */
interface Found {
  readonly values: Values;
  readonly steps: readonly Term[];
}

/** @property rule - the value of a rule that is no function. */
export interface LookupParts {
  readonly reader: Reader;
  readonly names: Names;
  readonly document: SchemaNode;
  readonly evaluate: Evaluate;
  readonly rule: (module: Module, name: string, place: Place) => Values;
}

export class Lookups {
  readonly #reader: Reader;
  readonly #names: Names;
  readonly #document: SchemaNode;
  readonly #evaluate: Evaluate;
  readonly #rule: LookupParts["rule"];

  constructor({ reader, names, document, evaluate, rule }: LookupParts) {
    this.#reader = reader;
    this.#names = names;
    this.#document = document;
    this.#evaluate = evaluate;
    this.#rule = rule;
  }

  variable(term: Extract<Term, { type: "var" }>, frame: Frame): Values {
    const { name } = term;
    const against = frame.counted.get(name);
    if (against !== undefined) {
      const uncounted = { ...frame, counted: NONE_COUNTED };
      const others = this.#reader.quietly(() => this.#evaluate(against, uncounted));
      return withoutLack(this.variable(term, uncounted), lackOf(others));
    }
    if (this.#names.isLocal(name, frame)) {
      const values = frame.scope.get(name);
      if (values.length > 0 || this.#reader.isQuiet) return values;
      this.#reader.problem(term, `cannot follow ${spellVariable(name)}: nothing says what it runs through`);
      return OPAQUE;
    }
    return this.#global(name, [], term, frame).values;
  }

  reference(term: Extract<Term, { type: "ref" }>, frame: Frame): Values {
    const { head, steps } = term;
    const isGlobal = head.type === "var" && !this.#names.isLocal(head.name, frame);
    const found = isGlobal
      ? this.#global(head.name, steps, term, frame)
      : { values: this.#evaluate(head, frame), steps };
    let { values } = found;
    for (const step of found.steps) values = this.#taken(step, values, frame, step);
    this.#reader.note(values);
    return values;
  }

  /** A step's possible names; every element where they are not known. A free variable becomes the key. */
  stepsOf(step: Term, values: Values, frame: Frame): readonly Step[] {
    if (step.type === "var" && this.#names.isFree(step, frame)) {
      frame.scope.bind(step.name, step, this.#reader.keys(values), true);
      this.#reader.noteUse(values, "loop");
      return ["any"];
    }
    const keys = this.#evaluate(step, frame);
    if (keys.length === 0 && this.#reader.isQuiet) return [];
    noteLookup(this.#reader, values, keys);
    return stepsOf(this.#reader, step, keys);
  }

  /** One step further. @param place - that a problem with it names. */
  #taken(step: Term, from: Values, frame: Frame, place: Place): Values {
    return union(...this.stepsOf(step, from, frame).map((each) => this.#reader.step(from, each, place)));
  }

  /** What a name outside of all bodies means, with the steps that are still to go. */
  #global(name: string, steps: readonly Term[], place: Place, frame: Frame): Found {
    if (name === "input") return { values: [{ kind: "document", path: [], node: this.#document }], steps };
    if (name === "data") return this.#data(steps, place);
    if (definitionsIn(frame.module, name).length > 0) {
      return { values: this.#rule(frame.module, name, place), steps };
    }
    const [root, ...path] = importOf(frame.module, name)?.path ?? [];
    if (root === undefined) throw new TypeError(`${name} is no name of the module`);
    const constants = path.map((step): Term => ({ ...pick(place), type: "constant", value: step }));
    const found = this.#global(root, [...constants, ...steps], place, frame);
    if (steps.length > 0) return found;
    let { values } = found;
    for (const step of found.steps) values = this.#taken(step, values, frame, place);
    this.#reader.note(values);
    return { values, steps: [] };
  }

  #data(steps: readonly Term[], place: Place): Found {
    const names: string[] = [];
    for (const step of steps) {
      if (step.type !== "constant" || typeof step.value !== "string") break;
      names.push(step.value);
    }
    if (names.length === 0) {
      this.#reader.problem(place, "cannot follow data as a whole: name the table");
      return { values: OPAQUE, steps: [] };
    }
    const found = this.#names.ruleAt(names);
    if (found === undefined) return { values: [{ kind: "data", path: [], mayLack: false }], steps };
    const { module, rule, length } = found;
    if (module !== undefined && rule !== undefined) {
      return { values: this.#rule(module, rule, place), steps: steps.slice(length + 1) };
    }
    // Of all others `no-cross-rule` speaks.
    if (names[0] === "lib" || module !== undefined) {
      this.#reader.problem(place, `cannot follow data.${names.join(".")}: no rule of this package or of lib`);
    }
    return { values: OPAQUE, steps: [] };
  }
}

function pick(place: Place): Place {
  return { file: place.file, line: place.line };
}

function spellVariable(name: string): string {
  return name.startsWith("$") ? "`_`" : `\`${name}\``;
}
