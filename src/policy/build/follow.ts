/**
 * Followed reads: which places of document and data the truth of one requirement or approval hangs on.
 *
 * An abstract interpretation of the parsed Rego, blind to order and to conditions: every expression that
 * could be evaluated counts. Variables are bound to places, helpers and `lib` are entered with their
 * arguments, and each reference is noted. What it does not understand is a problem, never a shrug: a read
 * that is missed here would let a rule pass on what nobody saw (reference: rule contract, "Followed reads").
 */
import type { DataUse } from "../rule-index.ts";
import type { Expression, Import, Module, Place, Rule, Term } from "./ast.ts";
import { countedIn, demandedBy, isDeclaredIn, mayAskForType, variablesIn } from "./bodies.ts";
import { type Builtins, builtin, noteComparison, noteLookup, noteOperands, stepsOf } from "./builtins.ts";
import { dropsOut, lackOf, withLack, withoutLack } from "./fallible.ts";
import type { Problem } from "./problem.ts";
import { Reader, type Step } from "./reader.ts";
import type { SchemaNode } from "./schema-node.ts";
import { Scope } from "./scope.ts";
import { constant, keyOfAll, OPAQUE, objectOf, setOf, textOf, union, type Values } from "./values.ts";
import { isConstant, isLiteral, isPartial } from "./walk.ts";
import { type View, variablesOf, type Watch, withDerived } from "./watch.ts";

/** The modules that one rule may use: its own and `lib`, by package (`lib.amount`). */
export type Packages = ReadonlyMap<string, Module>;

/**
 * @property document - the document as this rule may read it.
 * @property builtins - the built-ins that the runtime has.
 */
export interface FollowContext {
  readonly packages: Packages;
  readonly document: SchemaNode;
  readonly optional: ReadonlySet<string>;
  readonly builtins: Builtins;
  /** Is shown all that is followed. */
  readonly watch?: Watch;
}

/** @property reads - sorted; a path below which another one is read stands for both, but in `raw`. */
export interface Followed {
  readonly reads: readonly string[];
  readonly data: readonly string[];
  /** How it looks into data, by path. */
  readonly dataUses: ReadonlyMap<string, ReadonlySet<DataUse>>;
  readonly problems: readonly Problem[];
}

/** Follows the bodies of one rule: one code's, or one fact's with its value. */
export function followRule(context: FollowContext, module: Module, rule: Rule): Followed {
  const follower = new Follower(context);
  follower.follow(module, rule);
  return {
    reads: [...new Set([...withoutPrefixes(follower.reader.reads), ...follower.reader.ends])].sort(),
    data: [...follower.reader.dataReads].sort(),
    dataUses: follower.reader.dataUses,
    problems: follower.reader.problems,
  };
}

/** Paths that no other path extends: where the longer one is there, the shorter is. */
function withoutPrefixes(paths: ReadonlySet<string>): string[] {
  const sorted = [...paths].sort();
  return sorted.filter((path) => !sorted.some((other) => other.startsWith(`${path}.`)));
}

/** More rounds than any body needs: each round carries a value over at least one more binding. */
const MAX_ROUNDS = 30;
const MAX_DEPTH = 100;

/** Where an expression stands: its module decides what a name means. */
interface Frame {
  readonly module: Module;
  readonly scope: Scope;
  /** The names of what the function around it is given, where it may ask for their type. */
  readonly parameters: ReadonlySet<string>;
  /** See {@link View}. */
  readonly anchors: ReadonlySet<string>;
  /** Names that a body around asks for: where they are not there, neither is what the body makes. */
  readonly demanded: ReadonlySet<string>;
  /** Names of which a body counts that nothing is missing, with what it counts them against. */
  readonly counted: ReadonlyMap<string, Term>;
}

/** What a body's solutions make: see {@link Body}. */
interface Made {
  readonly rule?: Rule;
  readonly heads: readonly Term[];
  readonly collects: boolean;
}

const NONE_COUNTED: ReadonlyMap<string, Term> = new Map();
const NOTHING: Made = { heads: [], collects: false };

class Follower {
  readonly reader: Reader;
  readonly #context: FollowContext;
  readonly #results = new Map<string, Values>();
  readonly #active = new Set<string>();
  readonly #lackingEvery = new WeakMap<Expression, Place>();
  /** How many `not` stand around what is being followed. */
  #negations = 0;

  constructor(context: FollowContext) {
    this.#context = context;
    this.reader = new Reader(context.optional);
  }

  follow(module: Module, rule: Rule): void {
    this.#ruleValue(module, rule, [], new Set());
  }

  /** What a term may stand for; every reference in it is noted. */
  evaluate(term: Term, frame: Frame): Values {
    switch (term.type) {
      case "constant":
        return constant(term.value);
      case "var":
        return this.#variable(term, frame);
      case "ref":
        return this.#reference(term, frame);
      case "array": {
        const places = term.items.map((item) => this.evaluate(item, frame));
        return [{ kind: "list", items: union(...places), places }];
      }
      case "set":
        return [setOf(union(...term.items.map((item) => this.evaluate(item, frame))))];
      case "object": {
        const entries = term.entries.map(
          ([key, value]) => [this.evaluate(key, frame), this.evaluate(value, frame)] as const,
        );
        return [objectOf(entries)];
      }
      case "template":
        return textOf(...term.parts.map((part) => this.#templatePart(part, frame)));
      case "call":
        return this.#call(term, frame);
      case "comprehension":
        return this.#comprehension(term, frame);
    }
  }

  /** Binds the variables of a pattern to what the values hold in their places. */
  bind(pattern: Term, values: Values, frame: Frame, source: object, declares: boolean): void {
    switch (pattern.type) {
      case "var":
        if (declares) frame.scope.declare(pattern.name);
        if (!this.#isLocal(pattern.name, frame)) break;
        frame.scope.bind(pattern.name, source, values);
        return;
      case "array":
        for (const [at, item] of pattern.items.entries()) {
          const inside = this.reader.placeIn(values, at, pattern.items.length, pattern);
          this.bind(item, inside, frame, item, declares);
        }
        return;
      case "object":
        for (const [key, item] of pattern.entries) {
          this.#refuseDestructuring(values, pattern);
          const inside = union(
            ...this.#steps(key, values, frame).map((step) => this.reader.step(values, step, pattern)),
          );
          this.bind(item, inside, frame, item, declares);
        }
        return;
    }
    this.reader.consume(this.evaluate(pattern, frame), pattern);
    this.reader.consume(values, pattern);
  }

  #refuseDestructuring(values: Values, place: Place): void {
    if (values.some((value) => value.kind === "document" && value.node.type !== "any")) {
      this.reader.problem(place, "cannot follow an object pattern over the document: use references");
    }
  }

  /**
   * The body, until its variables hold all that they can, then once more for the record. Rego does not care
   * for the order of expressions, so neither may this.
   *
   * @returns where what the body makes is to be evaluated.
   */
  #body(body: readonly Expression[], around: Frame, made: Made): Frame {
    const names = new Set([...around.anchors].filter((name) => !isDeclaredIn(body, name)));
    if (made.collects) for (const head of made.heads) variablesOf(head, names);
    const demanded = new Set(around.demanded);
    if (!isPart(made)) for (const name of demandedBy(body)) demanded.add(name);
    const frame: Frame = { ...around, anchors: withDerived(names, body), demanded, counted: countedIn(body) };
    for (let round = 0; ; round += 1) {
      const before = frame.scope.version;
      this.reader.quietly(() => {
        for (const expression of body) this.#expression(expression, frame);
      });
      if (frame.scope.version === before) break;
      if (round < MAX_ROUNDS) continue;
      const place = body[0];
      if (place !== undefined) this.reader.problem(place, "cannot follow the variables of this body");
      break;
    }
    if (this.reader.isQuiet) return frame;
    for (const expression of body) this.#expression(expression, frame);
    // A variable may have its values from what is made alone.
    this.reader.quietly(() => made.heads.map((head) => this.evaluate(head, frame)));
    this.#context.watch?.body({ ...made, expressions: body, view: this.#view(frame) });
    return frame;
  }

  #view(frame: Frame): View {
    // The checks ask for the same few terms many times over.
    const known = new Map<Term, Values>();
    const valuesOf = (term: Term) => {
      const values = known.get(term) ?? this.reader.quietly(() => this.evaluate(term, frame));
      known.set(term, values);
      return values;
    };
    return {
      module: frame.module,
      anchors: frame.anchors,
      isNegated: this.#negations > 0,
      valuesOf,
      rulesOf: (term) => this.#definitions(term, frame),
      isDefined: (term) => this.#isDefined(term, frame, new Set()),
      isOptional: (path) => path.some((_, at) => this.#context.optional.has(path.slice(0, at + 1).join("."))),
      lackOfEvery: (expression) => this.#lackingEvery.get(expression),
      isFree: (step) => step.type === "var" && frame.scope.isKeyOnly(step.name),
    };
  }

  /** @param above - the definitions that ask: one that asks itself is none. */
  #isDefined(term: Term, frame: Frame, above: ReadonlySet<Rule>): boolean {
    const head = term.type === "ref" ? term.head : term;
    if (head.type === "var" && frame.demanded.has(head.name)) return true;
    const definitions = this.#definitions(term, frame);
    if (definitions === undefined) return false;
    const [only] = definitions;
    if (only === undefined || above.has(only)) return false;
    if (definitions.every((rule) => isConstant(rule) || isPartial(rule))) return true;
    const { value } = only.head;
    const isPlain = definitions.length === 1 && only.generatedBody && only.otherwise === undefined;
    const module = [...this.#context.packages.values()].find(({ file }) => file === only.file);
    if (!isPlain || value === undefined || module === undefined) return false;
    return this.#isTotal(value, { ...frame, module }, new Set([...above, only]));
  }

  /** Whether it has a value, whatever document and data are: what is collected, perhaps by a function. */
  #isTotal(term: Term, frame: Frame, above: ReadonlySet<Rule>): boolean {
    if (term.type === "comprehension") return true;
    if (term.type !== "call") return isLiteral(term) || this.#isDefined(term, frame, above);
    if (term.operator === "array.concat") return term.args.every((arg) => this.#isTotal(arg, frame, above));
    const [only, second] = this.#definitions(term, frame) ?? [];
    const value = only?.head.value;
    return (
      second === undefined &&
      value !== undefined &&
      only?.generatedBody === true &&
      only.head.args?.every(({ type }) => type === "var") === true &&
      term.args.every(isLiteral) &&
      value.type === "comprehension"
    );
  }

  /** The rules that a name, a reference or a call means. */
  #definitions(term: Term, frame: Frame): readonly Rule[] | undefined {
    if (term.type === "call") {
      const target = this.#function(term.operator, frame);
      return target?.module.rules.filter(({ head }) => head.name === target.name);
    }
    const [head, ...steps] = term.type === "ref" ? [term.head, ...term.steps] : [term];
    if (head?.type !== "var" || this.#isLocal(head.name, frame)) return undefined;
    const own = frame.module.rules.filter((rule) => rule.head.name === head.name);
    if (own.length > 0) return own;
    const imported = importOf(frame.module, head.name)?.path ?? [head.name];
    const names = [
      ...imported,
      ...steps.map((step) => (step.type === "constant" ? String(step.value) : "*")),
    ];
    const length = names[1] === "rules" ? 4 : 3;
    const module = this.#context.packages.get(names.slice(1, length).join("."));
    if (names[0] !== "data" || module === undefined) return undefined;
    return module.rules.filter((rule) => rule.head.name === names[length]);
  }

  #expression(expression: Expression, frame: Frame): void {
    const { what } = expression;
    switch (what.type) {
      case "some":
        for (const symbol of what.symbols) this.#some(symbol, frame);
        return;
      case "every": {
        const domain = this.evaluate(what.domain, frame);
        const anchors = variablesOf(what.value, variablesOf(what.key, new Set(frame.anchors)));
        const inner: Frame = { ...frame, scope: new Scope(frame.scope), anchors };
        this.#loop(what.key, what.value, domain, inner, what.domain);
        const lacks = this.#dropsOut(what.body, [], this.#body(what.body, inner, NOTHING));
        if (lacks !== undefined) this.#lackingEvery.set(expression, lacks);
        return;
      }
      case "term": {
        const { term } = what;
        this.#negations += expression.negated ? 1 : 0;
        if (term.type === "call" && (term.operator === "eq" || term.operator === "assign"))
          this.#unify(term, frame);
        else this.reader.consumeTruth(this.evaluate(term, frame), term);
        this.#negations -= expression.negated ? 1 : 0;
      }
    }
  }

  #some(symbol: Term, frame: Frame): void {
    if (symbol.type === "var") {
      frame.scope.declare(symbol.name);
      return;
    }
    const args = symbol.type === "call" ? symbol.args : [];
    const domain = args.at(-1);
    const value = args.at(-2);
    const key = args.length === 3 ? args[0] : undefined;
    if (domain === undefined || value === undefined) {
      this.reader.problem(symbol, "cannot follow this `some`");
      return;
    }
    const values = this.evaluate(domain, frame);
    this.#loop(key, value, values, frame, domain);
  }

  #loop(key: Term | undefined, value: Term, values: Values, frame: Frame, place: Place): void {
    if (key !== undefined) this.bind(key, this.reader.keys(values), frame, key, true);
    const isOne = key?.type === "constant" && typeof key.value === "string";
    const elements = isOne
      ? this.reader.elementsUnder(String(key.value), values, place)
      : this.reader.elements(values, place);
    this.bind(value, elements, frame, value, true);
  }

  #unify(call: Extract<Term, { type: "call" }>, frame: Frame): void {
    const [left, right] = call.args;
    if (left === undefined || right === undefined) {
      this.reader.problem(call, "cannot follow this equation");
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
      this.bind(left, this.evaluate(right, frame), frame, left, true);
      return;
    }
    const bindsLeft = this.#isFree(left, frame);
    const bindsRight = this.#isFree(right, frame);
    if (bindsLeft && bindsRight) return;
    if (bindsLeft || left.type === "array" || left.type === "object") {
      this.bind(left, this.evaluate(right, frame), frame, left, false);
    } else if (bindsRight || right.type === "array" || right.type === "object") {
      this.bind(right, this.evaluate(left, frame), frame, right, false);
    } else {
      const [one, other] = [this.evaluate(left, frame), this.evaluate(right, frame)];
      this.reader.consume(one, left);
      this.reader.consume(other, right);
      if (!isGiven(left, frame) && !isGiven(right, frame)) noteComparison(this.reader, one, other);
    }
  }

  /** A variable of this body that nothing but this very term binds. */
  #isFree(term: Term, frame: Frame): boolean {
    return (
      term.type === "var" && this.#isLocal(term.name, frame) && !frame.scope.isBoundElsewhere(term.name, term)
    );
  }

  #isLocal(name: string, frame: Frame): boolean {
    if (frame.scope.has(name)) return true;
    if (name === "input" || name === "data") return false;
    const { module } = frame;
    return importOf(module, name) === undefined && !module.rules.some((rule) => rule.head.name === name);
  }

  #templatePart(part: Expression, frame: Frame): Values {
    if (part.what.type !== "term") {
      this.reader.problem(part, "cannot follow this part of a template");
      return OPAQUE;
    }
    const values = this.evaluate(part.what.term, frame);
    this.reader.consume(values, part);
    this.reader.refuseEntries(values, part);
    return values;
  }

  #comprehension(term: Extract<Term, { type: "comprehension" }>, frame: Frame): Values {
    const heads = term.key === undefined ? [term.term] : [term.key, term.term];
    const around: Frame = { ...frame, scope: new Scope(frame.scope) };
    const inner = this.#body(term.body, around, { heads, collects: true });
    const items = this.evaluate(term.term, inner);
    const lacks = this.#dropsOut(term.body, heads, inner);
    if (term.makes !== "object" || term.key === undefined) {
      return withLack([{ kind: term.makes === "set" ? "set" : "list", items }], lacks);
    }
    return withLack([objectOf([[this.evaluate(term.key, inner), items]])], lacks);
  }

  #dropsOut(expressions: readonly Expression[], heads: readonly Term[], frame: Frame): Place | undefined {
    return dropsOut({ expressions, heads, collects: true, view: this.#view(frame) });
  }

  #variable(term: Extract<Term, { type: "var" }>, frame: Frame): Values {
    const { name } = term;
    const against = frame.counted.get(name);
    if (against !== undefined) {
      const uncounted = { ...frame, counted: NONE_COUNTED };
      const others = this.reader.quietly(() => this.evaluate(against, uncounted));
      return withoutLack(this.#variable(term, uncounted), lackOf(others));
    }
    if (this.#isLocal(name, frame)) {
      const values = frame.scope.get(name);
      if (values.length > 0 || this.reader.isQuiet) return values;
      this.reader.problem(term, `cannot follow ${spellVariable(name)}: nothing says what it runs through`);
      return OPAQUE;
    }
    return this.#global(name, [], term, frame).values;
  }

  #reference(term: Extract<Term, { type: "ref" }>, frame: Frame): Values {
    let values: Values;
    let steps = term.steps;
    if (term.head.type === "var" && !this.#isLocal(term.head.name, frame)) {
      const found = this.#global(term.head.name, steps, term, frame);
      values = found.values;
      steps = found.steps;
    } else {
      values = this.evaluate(term.head, frame);
    }
    for (const step of steps) {
      const from = values;
      values = union(...this.#steps(step, from, frame).map((each) => this.reader.step(from, each, step)));
    }
    this.reader.note(values);
    return values;
  }

  /** What a name outside of all bodies means, with the steps that are still to go. */
  #global(
    name: string,
    steps: readonly Term[],
    place: Place,
    frame: Frame,
  ): { values: Values; steps: readonly Term[] } {
    if (name === "input") return { values: [this.#document()], steps };
    if (name === "data") return this.#data(steps, place);
    if (frame.module.rules.some((rule) => rule.head.name === name)) {
      return { values: this.#rules(frame.module, name, place), steps };
    }
    const [root, ...path] = importOf(frame.module, name)?.path ?? [];
    if (root === undefined) throw new TypeError(`${name} is no name of the module`);
    const constants = path.map((step): Term => ({ ...pick(place), type: "constant", value: step }));
    const found = this.#global(root, [...constants, ...steps], place, frame);
    if (steps.length === 0) {
      let values = found.values;
      for (const step of found.steps) {
        const from = values;
        values = union(...this.#steps(step, from, frame).map((each) => this.reader.step(from, each, place)));
      }
      this.reader.note(values);
      return { values, steps: [] };
    }
    return found;
  }

  #document(): Values[number] {
    return { kind: "document", path: [], node: this.#context.document };
  }

  #data(steps: readonly Term[], place: Place): { values: Values; steps: readonly Term[] } {
    const names: string[] = [];
    for (const step of steps) {
      if (step.type !== "constant" || typeof step.value !== "string") break;
      names.push(step.value);
    }
    const root = names[0];
    if (root === undefined) {
      this.reader.problem(place, "cannot follow data as a whole: name the table");
      return { values: OPAQUE, steps: [] };
    }
    if (!CODE_ROOTS.has(root)) {
      return { values: [{ kind: "data", path: [], mayLack: false }], steps };
    }
    const length = root === "rules" ? 3 : 2;
    const module = this.#context.packages.get(names.slice(0, length).join("."));
    const rule = names[length];
    if (module === undefined || rule === undefined) {
      // Of all others `no-cross-rule` speaks.
      if (root === "lib" || module !== undefined) {
        this.reader.problem(
          place,
          `cannot follow data.${names.join(".")}: no rule of this package or of lib`,
        );
      }
      return { values: OPAQUE, steps: [] };
    }
    return { values: this.#rules(module, rule, place), steps: steps.slice(length + 1) };
  }

  /** A step's possible names; every element where they are not known. A free variable becomes the key. */
  #steps(step: Term, values: Values, frame: Frame): readonly Step[] {
    if (step.type === "var" && this.#isFree(step, frame)) {
      frame.scope.bind(step.name, step, this.reader.keys(values), true);
      this.reader.noteUse(values, "loop");
      return ["any"];
    }
    const keys = this.evaluate(step, frame);
    if (keys.length === 0 && this.reader.isQuiet) return [];
    noteLookup(this.reader, values, keys);
    return stepsOf(this.reader, step, keys);
  }

  /** The value of a rule that is no function: all its definitions together. */
  #rules(module: Module, name: string, place: Place): Values {
    const definitions = module.rules.filter((rule) => rule.head.name === name);
    if (definitions.length === 0) {
      this.reader.problem(place, `${module.package.join(".")} has no rule ${name}`);
      return OPAQUE;
    }
    return this.#once(`${module.package.join(".")}.${name}`, place, () =>
      union(...definitions.map((rule) => this.#ruleValue(module, rule, [], new Set()))),
    );
  }

  /** Runs once for the same name and arguments; a quiet run does not stand for a recorded one. */
  #once(name: string, place: Place, run: () => Values): Values {
    const spelled = `${this.#negations > 0 ? "not " : ""}${name}`;
    const key = `${this.reader.isQuiet ? "quiet" : "noted"} ${spelled}`;
    const known = this.#results.get(key) ?? this.#results.get(`noted ${spelled}`);
    if (known !== undefined) return known;
    const isRecursive = this.#active.has(name);
    if (isRecursive || this.#active.size > MAX_DEPTH) {
      const why = isRecursive ? "it calls itself" : `more than ${MAX_DEPTH} helpers call one another`;
      this.reader.problem(place, `cannot follow ${name.split("(", 1)[0]}: ${why}`);
      return OPAQUE;
    }
    this.#active.add(name);
    try {
      const values = run();
      this.#results.set(key, values);
      return values;
    } finally {
      this.#active.delete(name);
    }
  }

  /** @param anchored - the places of arguments that stand for each element in turn. */
  #ruleValue(module: Module, rule: Rule, args: readonly Values[], anchored: ReadonlySet<number>): Values {
    if (!this.reader.isQuiet) this.#context.watch?.rule(rule);
    const given = rule.head.args ?? [];
    const around: Frame = {
      module,
      scope: new Scope(),
      parameters: new Set(mayAskForType(module, rule) ? given.flatMap(variablesIn) : []),
      demanded: new Set(),
      counted: NONE_COUNTED,
      anchors: new Set(given.filter((_, at) => anchored.has(at)).flatMap(variablesIn)),
    };
    for (const [index, parameter] of given.entries()) {
      this.bind(parameter, args[index] ?? [], around, parameter, true);
    }
    const { head } = rule;
    const heads = [...head.steps, head.key, head.value].filter((term) => term !== undefined);
    const collects = head.key !== undefined || head.steps.some(({ type }) => type !== "constant");
    const frame = this.#body(rule.body, around, { rule, heads, collects });
    let values = head.key === undefined ? constant(true) : [setOf(this.evaluate(head.key, frame))];
    if (head.value !== undefined) values = this.evaluate(head.value, frame);
    for (const step of head.steps.toReversed()) {
      values = [objectOf([[this.evaluate(step, frame), values]])];
    }
    if (head.key !== undefined || (head.steps.length > 0 && !rule.generatedBody))
      values = withLack(values, this.#dropsOut(rule.body, heads, frame));
    const otherwise =
      rule.otherwise === undefined ? [] : this.#ruleValue(module, rule.otherwise, args, anchored);
    return union(values, otherwise);
  }

  #call(term: Extract<Term, { type: "call" }>, frame: Frame): Values {
    const target = this.#function(term.operator, frame);
    if (target !== undefined) return this.#callFunction(term, target, frame);
    const types = this.#context.builtins.get(term.operator);
    if (types === undefined) {
      this.reader.problem(term, `cannot follow a call of ${term.operator}: there is no such function here`);
      return OPAQUE;
    }
    const arity = types.length;
    const args = term.args.slice(0, arity).map((arg) => this.evaluate(arg, frame));
    noteOperands(this.reader, { call: term, args, types }, (arg) => isGiven(arg, frame));
    const result = builtin(this.reader, term, args);
    return this.#output(term, term.args[arity], result, frame);
  }

  /** A call may name a place for its result as one more argument; it is then a statement. */
  #output(term: Term, into: Term | undefined, result: Values, frame: Frame): Values {
    if (into === undefined) return result;
    if (this.#isFree(into, frame) || into.type === "array" || into.type === "object") {
      this.bind(into, result, frame, into, false);
    } else {
      this.reader.consume(this.evaluate(into, frame), term);
      this.reader.consume(result, term);
    }
    return constant(true);
  }

  #function(operator: string, frame: Frame): { module: Module; name: string } | undefined {
    const names = operator.split(".");
    const [first = "", ...rest] = names;
    const isFunction = (module: Module, name: string) =>
      module.rules.some((rule) => rule.head.name === name && rule.head.args !== undefined);
    const imported = importOf(frame.module, first);
    if (rest.length === 0 && imported === undefined) {
      return isFunction(frame.module, first) ? { module: frame.module, name: first } : undefined;
    }
    const path = imported === undefined ? names : [...imported.path, ...rest];
    const name = path.at(-1);
    const module = this.#context.packages.get(path.slice(1, -1).join("."));
    if (path[0] !== "data" || name === undefined || module === undefined) return undefined;
    return isFunction(module, name) ? { module, name } : undefined;
  }

  #callFunction(
    term: Extract<Term, { type: "call" }>,
    { module, name }: { module: Module; name: string },
    frame: Frame,
  ): Values {
    const definitions = module.rules.filter((rule) => rule.head.name === name);
    const arity = definitions[0]?.head.args?.length ?? 0;
    const args = term.args.slice(0, arity).map((arg) => this.evaluate(arg, frame));
    if (this.reader.isQuiet && args.some((arg) => arg.length === 0)) return [];
    const anchored = new Set(
      term.args.flatMap((arg, at) =>
        [...variablesOf(arg)].some((each) => frame.anchors.has(each)) ? [at] : [],
      ),
    );
    const spelled = args.map((arg, at) => `${anchored.has(at) ? "each " : ""}${keyOfAll(arg)}`).join(";");
    const found = this.#once(`${module.package.join(".")}.${name}(${spelled})`, term, () =>
      union(...definitions.map((rule) => this.#ruleValue(module, rule, args, anchored))),
    );
    const result = definitions.length > 1 ? settled(found, args) : found;
    return this.#output(term, term.args[arity], result, frame);
  }
}

const CODE_ROOTS: ReadonlySet<string> = new Set(["rules", "lib", "countersign", "tests"]);

/** `import rego.v1` names no value: `v1` stays a variable like any other. */
function importOf({ imports }: Module, name: string): Import | undefined {
  return imports.find((each) => each.name === name && each.path[0] !== "rego");
}

function pick(place: Place): Place {
  return { file: place.file, line: place.line };
}

function spellVariable(name: string): string {
  return name.startsWith("$") ? "`_`" : `\`${name}\``;
}

/**
 * A function with several bodies may tell data of one type from data of another: what it gives back as it came is
 * then of the type that was asked for, whatever the data is.
 */
function settled(found: Values, args: readonly Values[]): Values {
  const given = new Set(
    args
      .flat()
      .filter(({ kind }) => kind === "data")
      .map((value) => keyOfAll([value])),
  );
  return union(...found.map((value) => (given.has(keyOfAll([value])) ? OPAQUE : [value])));
}

/** Whether the term is what the function around it was given, and nothing of its own. */
function isGiven(term: Term, { parameters }: Frame): boolean {
  return term.type === "var" && parameters.has(term.name);
}

/** Whether the body decides about a part alone: an element, or one member of an object. */
function isPart({ collects, rule }: Made): boolean {
  return collects || (rule !== undefined && rule.head.steps.length > 0);
}
