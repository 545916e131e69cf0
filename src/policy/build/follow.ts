/**
 * Followed reads: which places of document and data the truth of one requirement or approval hangs on.
 *
 * An abstract interpretation of the parsed Rego, blind to order and to conditions: every expression that
 * could be evaluated counts. Variables are bound to places, helpers and `lib` are entered with their
 * arguments, and each reference is noted. What it does not understand is a problem, never a shrug: a read
 * that is missed here would let a rule pass on what nobody saw (reference: rule contract, "Followed reads").
 *
 * Here rules, bodies and calls are entered. What a name means is in `names.ts`, where references lead in `lookups.ts`, how
 * variables get their values in `bindings.ts`, and what is noted of a place in `reader.ts`.
 */
import type { DataUse } from "../rule-index.ts";
import type { Expression, Module, Place, Rule, Term } from "./ast.ts";
import { Bindings } from "./bindings.ts";
import { countedIn, demandedBy, isDeclaredIn, mayAskForType, variablesIn } from "./bodies.ts";
import { type Builtins, builtin, noteOperands } from "./builtins.ts";
import { isDefined } from "./defined.ts";
import { dropsOut, withLack } from "./fallible.ts";
import { type Evaluate, type Frame, isGiven, isPart, type Made, NONE_COUNTED, NOTHING } from "./frame.ts";
import { Lookups } from "./lookups.ts";
import { definitionsIn, type FunctionName, Names, type Packages } from "./names.ts";
import type { Problem } from "./problem.ts";
import { Reader } from "./reader.ts";
import type { SchemaNode } from "./schema-node.ts";
import { Scope } from "./scope.ts";
import { constant, keyOfAll, OPAQUE, objectOf, setOf, textOf, union, type Values } from "./values.ts";
import { type View, variablesOf, type Watch, withDerived } from "./watch.ts";

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

class Follower {
  readonly reader: Reader;
  readonly #context: FollowContext;
  readonly #names: Names;
  readonly #bindings: Bindings;
  readonly #lookups: Lookups;
  readonly #results = new Map<string, Values>();
  readonly #active = new Set<string>();
  readonly #lackingEvery = new WeakMap<Expression, Place>();
  /** How many `not` stand around what is being followed. */
  #negations = 0;

  constructor(context: FollowContext) {
    this.#context = context;
    const reader = new Reader(context.optional);
    const names = new Names(context.packages);
    const evaluate: Evaluate = (term, frame) => this.evaluate(term, frame);
    this.reader = reader;
    this.#names = names;
    this.#lookups = new Lookups({
      ...{ reader, names, document: context.document, evaluate },
      rule: (module, name, place) => this.#rules(module, name, place),
    });
    this.#bindings = new Bindings({
      ...{ reader, names, evaluate },
      stepsOf: (step, values, frame) => this.#lookups.stepsOf(step, values, frame),
    });
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
        return this.#lookups.variable(term, frame);
      case "ref":
        return this.#lookups.reference(term, frame);
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
      rulesOf: (term) => this.#names.definitionsOf(term, frame),
      isDefined: (term) => isDefined(term, frame, this.#names),
      isOptional: (path) => path.some((_, at) => this.#context.optional.has(path.slice(0, at + 1).join("."))),
      lackOfEvery: (expression) => this.#lackingEvery.get(expression),
      isFree: (step) => step.type === "var" && frame.scope.isKeyOnly(step.name),
    };
  }

  #expression(expression: Expression, frame: Frame): void {
    const { what } = expression;
    switch (what.type) {
      case "some":
        for (const symbol of what.symbols) this.#bindings.some(symbol, frame);
        return;
      case "every": {
        const domain = this.evaluate(what.domain, frame);
        const anchors = variablesOf(what.value, variablesOf(what.key, new Set(frame.anchors)));
        const inner: Frame = { ...frame, scope: new Scope(frame.scope), anchors };
        this.#bindings.loop(what.key, what.value, domain, inner, what.domain);
        const lacks = this.#dropsOut(what.body, [], this.#body(what.body, inner, NOTHING));
        if (lacks !== undefined) this.#lackingEvery.set(expression, lacks);
        return;
      }
      case "term": {
        const { term } = what;
        this.#negations += expression.negated ? 1 : 0;
        if (term.type === "call" && (term.operator === "eq" || term.operator === "assign"))
          this.#bindings.unify(term, frame);
        else this.reader.consumeTruth(this.evaluate(term, frame), term);
        this.#negations -= expression.negated ? 1 : 0;
      }
    }
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

  /** The value of a rule that is no function: all its definitions together. */
  #rules(module: Module, name: string, place: Place): Values {
    const definitions = definitionsIn(module, name);
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
      this.#bindings.bind(parameter, args[index] ?? [], around, parameter, true);
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
    const target = this.#names.functionOf(term.operator, frame);
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
    return this.#bindings.output(term, term.args[arity], result, frame);
  }

  #callFunction(term: Extract<Term, { type: "call" }>, { module, name }: FunctionName, frame: Frame): Values {
    const definitions = definitionsIn(module, name);
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
    return this.#bindings.output(term, term.args[arity], result, frame);
  }
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
