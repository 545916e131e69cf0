/**
 * Rego as `opa parse -f json --json-include locations` prints it, decoded into closed types.
 *
 * Whatever this decoder has never seen is an error: the follower may only judge what it fully understands.
 * Each node is one object for as long as the module lives, so that it can serve as a key.
 */

export interface Place {
  readonly file: string;
  readonly line: number;
}

export type Term =
  | (Place & { readonly type: "constant"; readonly value: string | number | boolean | null })
  | (Place & { readonly type: "var"; readonly name: string })
  | (Place & { readonly type: "ref"; readonly head: Term; readonly steps: readonly Term[] })
  | (Place & { readonly type: "array" | "set"; readonly items: readonly Term[] })
  | (Place & { readonly type: "object"; readonly entries: readonly (readonly [Term, Term])[] })
  | (Place & { readonly type: "template"; readonly parts: readonly Expression[] })
  | (Place & { readonly type: "call"; readonly operator: string; readonly args: readonly Term[] })
  | (Place & {
      readonly type: "comprehension";
      readonly makes: "list" | "set" | "object";
      readonly key?: Term;
      readonly term: Term;
      readonly body: readonly Expression[];
    });

/** One expression of a body. */
export interface Expression extends Place {
  readonly negated: boolean;
  readonly hasWith: boolean;
  readonly what:
    | { readonly type: "term"; readonly term: Term }
    | { readonly type: "some"; readonly symbols: readonly Term[] }
    | {
        readonly type: "every";
        readonly key?: Term;
        readonly value: Term;
        readonly domain: Term;
        readonly body: readonly Expression[];
      };
}

/**
 * The head of a rule: `name[steps…](args) := value`, or `name[steps…] contains key`.
 *
 * @property key - the member of a `contains` head; absent for all others.
 */
export interface Head extends Place {
  readonly name: string;
  readonly steps: readonly Term[];
  readonly args?: readonly Term[];
  readonly key?: Term;
  readonly value?: Term;
  readonly assign: boolean;
}

/**
 * @property isElse - it counts only where what stands before it does not.
 * @property generatedBody - no body was written: the head holds without a condition.
 */
export interface Rule extends Place {
  readonly isElse: boolean;
  readonly isDefault: boolean;
  readonly head: Head;
  readonly body: readonly Expression[];
  readonly generatedBody: boolean;
  readonly otherwise?: Rule;
}

export interface Import extends Place {
  readonly path: readonly string[];
  readonly name: string;
}

export interface Annotation extends Place {
  readonly scope: string;
  readonly title?: string;
  readonly description?: string;
  readonly entrypoint: boolean;
  readonly custom?: Readonly<Record<string, unknown>>;
  readonly others: readonly string[];
  /** The comment as it stands in the file. */
  readonly text: string;
}

export interface Module {
  readonly file: string;
  /** `["rules", "transfer", "daily_limit"]`, without `data`. */
  readonly package: readonly string[];
  readonly packageLine: number;
  readonly imports: readonly Import[];
  readonly annotations: readonly Annotation[];
  readonly rules: readonly Rule[];
  /** Every string literal in it, wherever it stands. */
  readonly strings: ReadonlySet<string>;
}

/** Something in a parsed module that this version does not understand. */
export class UnknownSyntax extends Error {
  override readonly name = "UnknownSyntax";
  readonly place: Place;

  constructor(place: Place, what: string) {
    super(`cannot follow ${what}: rewrite it with plain references, \`some\`, \`every\` and comprehensions`);
    this.place = place;
  }
}

/**
 * @param file - the module's path, relative to the source folder.
 * @throws {UnknownSyntax} for anything not listed in {@link Term} and {@link Expression}.
 */
export function decodeModule(json: unknown, file: string): Module {
  return new Decoder(file).module(json);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

class Decoder {
  readonly #file: string;
  readonly #strings = new Set<string>();
  #line = 1;

  constructor(file: string) {
    this.#file = file;
  }

  module(json: unknown): Module {
    const root = this.#record(json, "module");
    const packageNode = this.#record(root["package"], "package");
    const packageTerms = this.#list(packageNode["path"], "package path").map((term) => this.#term(term));
    const imports = this.#optionalList(root["imports"]).map((each) => this.#import(each));
    const annotations = this.#optionalList(root["annotations"]).map((each) => this.#annotation(each));
    const rules = this.#optionalList(root["rules"]).map((each) => this.#rule(each, false));
    return {
      file: this.#file,
      package: packageTerms.slice(1).map((term) => this.#stringOf(term)),
      packageLine: this.#place(packageNode).line,
      imports,
      annotations,
      rules,
      strings: this.#strings,
    };
  }

  #import(json: unknown): Import {
    const node = this.#record(json, "import");
    const place = this.#place(node);
    const term = this.#term(node["path"]);
    const terms = term.type === "ref" ? [term.head, ...term.steps] : [term];
    const path = terms.map((step) => (step.type === "var" ? step.name : this.#stringOf(step)));
    const alias = node["alias"];
    const name = typeof alias === "string" ? alias : (path.at(-1) ?? "");
    return { ...place, path, name };
  }

  #annotation(json: unknown): Annotation {
    const node = this.#record(json, "annotation");
    const known = ["location", "scope", "title", "description", "entrypoint", "custom"];
    return {
      ...this.#place(node),
      scope: String(node["scope"]),
      ...(typeof node["title"] === "string" ? { title: node["title"] } : {}),
      ...(typeof node["description"] === "string" ? { description: node["description"] } : {}),
      entrypoint: node["entrypoint"] === true,
      ...(isRecord(node["custom"]) ? { custom: node["custom"] } : {}),
      others: Object.keys(node).filter((key) => !known.includes(key)),
      text: this.#textOf(node),
    };
  }

  #rule(json: unknown, isElse: boolean): Rule {
    const node = this.#record(json, "rule");
    this.#only(node, ["annotations", "body", "default", "else", "head", "location"]);
    const place = this.#place(node);
    const expressions = this.#list(node["body"], "body");
    const otherwise = node["else"];
    return {
      ...place,
      isElse,
      isDefault: node["default"] === true,
      head: this.#head(node["head"]),
      body: this.#body(expressions),
      generatedBody: expressions.every((each) => isRecord(each) && each["generated"] === true),
      ...(otherwise === undefined ? {} : { otherwise: this.#rule(otherwise, true) }),
    };
  }

  #head(json: unknown): Head {
    const node = this.#record(json, "head");
    this.#only(node, ["args", "assign", "generated_value", "key", "location", "name", "ref", "value"]);
    const place = this.#place(node);
    const [first, ...steps] = this.#list(node["ref"], "head").map((term) => this.#term(term));
    if (first?.type !== "var") throw new UnknownSyntax(place, "this rule head");
    const isSet = node["key"] !== undefined && node["value"] === undefined;
    return {
      ...place,
      name: first.name,
      steps,
      ...(node["args"] === undefined
        ? {}
        : { args: this.#list(node["args"], "arguments").map((term) => this.#term(term)) }),
      ...(isSet ? { key: this.#term(node["key"]) } : {}),
      ...(node["value"] === undefined ? {} : { value: this.#term(node["value"]) }),
      assign: node["assign"] === true,
    };
  }

  #body(json: unknown): Expression[] {
    return this.#list(json, "body").map((each) => this.#expression(each));
  }

  #expression(json: unknown): Expression {
    const node = this.#record(json, "expression");
    this.#only(node, ["generated", "index", "location", "negated", "terms", "with"]);
    const place = this.#place(node);
    const shell = { ...place, negated: node["negated"] === true, hasWith: node["with"] !== undefined };
    const terms = node["terms"];
    if (Array.isArray(terms)) return { ...shell, what: { type: "term", term: this.#call(terms, place) } };
    const single = this.#record(terms, "expression");
    if (Array.isArray(single["symbols"])) {
      const symbols = single["symbols"].map((symbol) => this.#term(symbol));
      return { ...shell, what: { type: "some", symbols } };
    }
    if (single["domain"] !== undefined) {
      const key = single["key"];
      return {
        ...shell,
        what: {
          type: "every",
          ...(key === undefined || key === null ? {} : { key: this.#term(key) }),
          value: this.#term(single["value"]),
          domain: this.#term(single["domain"]),
          body: this.#body(single["body"]),
        },
      };
    }
    return { ...shell, what: { type: "term", term: this.#term(single) } };
  }

  #call(terms: readonly unknown[], place: Place): Term {
    const [operator, ...args] = terms.map((term) => this.#term(term));
    if (operator === undefined) throw new UnknownSyntax(place, "an empty expression");
    const names = operator.type === "ref" ? [operator.head, ...operator.steps] : [operator];
    const name = names.map((step) => (step.type === "var" ? step.name : this.#stringOf(step))).join(".");
    return { ...place, type: "call", operator: name, args };
  }

  #term(json: unknown): Term {
    const node = this.#record(json, "term");
    const place = this.#place(node);
    const type = node["type"];
    const value = node["value"];
    switch (type) {
      case "null":
        return { ...place, type: "constant", value: null };
      case "boolean":
        return { ...place, type: "constant", value: value === true };
      case "number":
        return { ...place, type: "constant", value: Number(value) };
      case "string":
        this.#strings.add(String(value));
        return { ...place, type: "constant", value: String(value) };
      case "var":
        return { ...place, type: "var", name: String(value) };
      case "ref": {
        const [head, ...steps] = this.#list(value, "reference").map((term) => this.#term(term));
        if (head === undefined) throw new UnknownSyntax(place, "an empty reference");
        return steps.length === 0 ? head : { ...place, type: "ref", head, steps };
      }
      case "array":
      case "set":
        return { ...place, type, items: this.#optionalList(value).map((term) => this.#term(term)) };
      case "object": {
        const entries = this.#optionalList(value).map((entry) => {
          const pair = this.#list(entry, "object entry");
          return [this.#term(pair[0]), this.#term(pair[1])] as const;
        });
        return { ...place, type: "object", entries };
      }
      case "call":
        return this.#call(this.#list(value, "call"), place);
      case "templatestring": {
        const parts = this.#optionalList(this.#record(value, "template")["parts"]);
        return { ...place, type: "template", parts: parts.map((part) => this.#templatePart(part, place)) };
      }
      case "arraycomprehension":
      case "setcomprehension": {
        const inner = this.#record(value, "comprehension");
        return {
          ...place,
          type: "comprehension",
          makes: type === "arraycomprehension" ? "list" : "set",
          term: this.#term(inner["term"]),
          body: this.#body(inner["body"]),
        };
      }
      case "objectcomprehension": {
        const inner = this.#record(value, "comprehension");
        return {
          ...place,
          type: "comprehension",
          makes: "object",
          key: this.#term(inner["key"]),
          term: this.#term(inner["value"]),
          body: this.#body(inner["body"]),
        };
      }
      default:
        throw new UnknownSyntax(place, `a term of type ${JSON.stringify(type)}`);
    }
  }

  /** A part of a template is a literal, or an expression in braces. */
  #templatePart(json: unknown, place: Place): Expression {
    if (isRecord(json) && json["terms"] !== undefined) return this.#expression(json);
    return { ...place, negated: false, hasWith: false, what: { type: "term", term: this.#term(json) } };
  }

  #stringOf(term: Term): string {
    if (term.type === "constant" && typeof term.value === "string") return term.value;
    throw new UnknownSyntax(term, "a path with a variable in it");
  }

  /** The text of a node, which its location carries in base64. */
  #textOf(node: Record<string, unknown>): string {
    const { text } = this.#record(node["location"], "location");
    if (typeof text === "string") return Buffer.from(text, "base64").toString();
    throw new UnknownSyntax(this.#place(node), "a comment without its text");
  }

  /** The node's own place; a node without one, which OPA generated, has that of the node before it. */
  #place(node: Record<string, unknown>): Place {
    const location = node["location"];
    if (isRecord(location) && typeof location["row"] === "number") this.#line = location["row"];
    return { file: this.#file, line: this.#line };
  }

  #record(value: unknown, what: string): Record<string, unknown> {
    if (isRecord(value)) return value;
    throw new UnknownSyntax({ file: this.#file, line: this.#line }, `this ${what}`);
  }

  #list(value: unknown, what: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw new UnknownSyntax({ file: this.#file, line: this.#line }, `this ${what}`);
  }

  /** OPA leaves empty lists out, or writes `null`. */
  #optionalList(value: unknown): readonly unknown[] {
    return value === undefined || value === null ? [] : this.#list(value, "list");
  }

  #only(node: Record<string, unknown>, known: readonly string[]): void {
    const unknown = Object.keys(node).find((key) => !known.includes(key));
    if (unknown === undefined) return;
    throw new UnknownSyntax(this.#place(node), `syntax with ${JSON.stringify(unknown)}`);
  }
}
