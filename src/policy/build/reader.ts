/**
 * Steps from place to place in document and data, and notes every place that was read.
 *
 * A read may pass an object with named members but must not end in one: what is compared, counted or handed
 * to a built-in there has members that the host could not check one by one. The error then says
 * "name the member".
 */
import type { DataUse } from "../rule-index.ts";
import type { Place } from "./ast.ts";
import type { Problem } from "./problem.ts";
import { isReadable, type SchemaNode } from "./schema-node.ts";
import { constant, KEY, KEY_STEP, LOOP_PLACE, OPAQUE, union, type Value, type Values } from "./values.ts";

/** A name, every element (by a loop or a number), or one by a key that is not known. */
type PlainStep = { readonly name: string } | "any" | "key";
/** One step of a reference. A known number is a place of an array that is written out, and any of all others. */
export type Step = PlainStep | { readonly place: number };

type DocumentValue = Extract<Value, { kind: "document" }>;
type DataValue = Extract<Value, { kind: "data" }>;

export class Reader {
  readonly reads = new Set<string>();
  /**
   * Places in the original that are looked at as a whole. It has no schema: whether there is a member that
   * nobody named is seen only in the document, so these stay reads where longer paths are read, too.
   */
  readonly ends = new Set<string>();
  readonly dataReads = new Set<string>();
  /** How the rule looks into the release's data, by path; also where an entry may lack the member. */
  readonly dataUses = new Map<string, Set<DataUse>>();
  readonly problems: Problem[] = [];
  readonly #optional: ReadonlySet<string>;
  #quiet = 0;

  /** @param optional - document paths that a rule may test for presence even where they are objects. */
  constructor(optional: ReadonlySet<string>) {
    this.#optional = optional;
  }

  get isQuiet(): boolean {
    return this.#quiet > 0;
  }

  /** Runs without noting reads or problems: while variables are still being bound. */
  quietly<T>(run: () => T): T {
    this.#quiet += 1;
    try {
      return run();
    } finally {
      this.#quiet -= 1;
    }
  }

  problem(place: Place, message: string): void {
    if (!this.isQuiet) this.problems.push({ file: place.file, line: place.line, message });
  }

  /** Notes that these places were named. */
  note(values: Values): void {
    if (this.isQuiet) return;
    for (const value of values) {
      if (value.kind === "document" && value.path.length > 0) this.reads.add(value.path.join("."));
      if (value.kind === "data" && !value.mayLack && value.path.length > 0) {
        this.dataReads.add(value.path.join("."));
      }
    }
  }

  /** Notes how these places are looked into. */
  noteUse(values: Values, use: DataUse): void {
    if (this.isQuiet) return;
    for (const value of values) {
      if (value.kind !== "data" || value.path.length === 0) continue;
      const path = value.path.join(".");
      this.dataUses.set(path, (this.dataUses.get(path) ?? new Set()).add(use));
    }
  }

  /** What lies one step below each of the values. */
  step(values: Values, step: Step, place: Place): Values {
    if (typeof step === "object" && "name" in step && /[.*]/.test(step.name)) {
      this.problem(
        place,
        `cannot follow a member named ${JSON.stringify(step.name)}: paths have no dots or stars in names`,
      );
      return OPAQUE;
    }
    return union(...values.map((value) => this.#stepOne(value, step, place)));
  }

  /** What a loop over the values runs through; the places looped over are read by that. */
  elements(values: Values, place: Place): Values {
    this.note(values);
    this.noteUse(values, "loop");
    const found = values.map((value): Values => {
      if (value.kind === "document" && value.node.type === "value") return OPAQUE;
      if (value.kind === "document" || value.kind === "data") {
        const inside = this.#stepOne(value, "any", place);
        this.note(inside.filter((each) => each.kind === "data"));
        return inside;
      }
      return this.#stepOne(value, "any", place);
    });
    const all = union(...found);
    return all.length === 0 && values.length > 0 ? OPAQUE : all;
  }

  /** What an array pattern of this length finds at one of its places. */
  placeIn(values: Values, at: number, length: number, place: Place): Values {
    const others: Value[] = [];
    const fitting: Values[] = [];
    for (const value of values) {
      if (value.kind !== "list" || value.places === undefined) others.push(value);
      else if (value.places.length === length) fitting.push(value.places[at] ?? []);
    }
    if (others.length > 0) {
      const elements = this.elements(others, place);
      // A pattern of one place fits only where there is nothing else.
      fitting.push(length === 1 ? elements : elements.map(takenByPlace));
    }
    return fitting.length === 0 && values.length > 0 ? OPAQUE : union(...fitting);
  }

  /** The elements under one key, where only that one is looped over: `some "ETH", total in totals`. */
  elementsUnder(key: string, values: Values, place: Place): Values {
    const named = values.filter(({ kind }) => kind === "document");
    const others = values.filter(({ kind }) => kind !== "document");
    const found = this.step(named, { name: key }, place);
    this.note([...named, ...found]);
    return union(found, others.length === 0 ? [] : this.elements(others, place));
  }

  /** The keys that a loop over the values runs through. */
  keys(values: Values): Values {
    return union(
      ...values.map((value): Values => {
        if (value.kind === "set") return value.items;
        if (value.kind === "list") return LOOP_PLACE;
        if (value.kind === "document") return keyOf(value);
        if (value.kind !== "object") return KEY;
        return union(...[...value.members.keys()].map((name) => constant(name)), value.keys);
      }),
    );
  }

  /** A value is looked at as a whole: compared, printed, handed to a built-in. */
  consume(values: Values, place: Place): void {
    if (values.length === 0) this.problem(place, "cannot follow where this value comes from");
    this.#consumeAll(values, place, new Set());
  }

  /** @param seen - what was looked at already: the same value may be held many times over. */
  #consumeAll(values: Values, place: Place, seen: Set<Value>): void {
    for (const value of values) {
      if (seen.has(value)) continue;
      seen.add(value);
      switch (value.kind) {
        case "document":
          if (!isReadable(value.node)) this.#endsAtObject(value, place);
          if (value.path[0] === "raw" && !this.isQuiet) this.ends.add(value.path.join("."));
          break;
        case "list":
        case "set":
          this.#consumeAll(value.items, place, seen);
          break;
        case "object":
          for (const held of [...value.members.values(), value.others, value.keys]) {
            this.#consumeAll(held, place, seen);
          }
          break;
      }
    }
  }

  /**
   * A built-in makes something of these values. The entries of a list have no schema: what is read of an entry afterwards,
   * or is looked for in its text, nobody could see.
   */
  refuseEntries(values: Values, place: Place, seen: Set<Value> = new Set()): void {
    for (const value of values) {
      if (seen.has(value)) continue;
      seen.add(value);
      if (value.kind === "document" && value.path[0] === "lists" && holdsAny(value.node)) {
        const path = ["input", ...value.path].join(".");
        this.problem(
          place,
          `name-the-member: ${path} is an entry without a schema: name the member that is meant`,
        );
      }
      if (value.kind === "list" || value.kind === "set") this.refuseEntries(value.items, place, seen);
      if (value.kind === "object") {
        const held = union(...value.members.values(), value.others, value.keys);
        this.refuseEntries(held, place, seen);
      }
    }
  }

  /** Only the number of elements is looked at, or their keys. */
  consumeSize(values: Values, place: Place): void {
    if (values.length === 0) this.problem(place, "cannot follow where this value comes from");
    for (const value of values) {
      if (value.kind !== "document") continue;
      const options = value.node.type === "union" ? value.node.options : [value.node];
      if (options.some(({ type }) => type === "object" || type === "namespace")) {
        this.#endsAtObject(value, place);
      }
    }
  }

  /** Only whether the value is there, and not `false`, is looked at. */
  consumeTruth(values: Values, place: Place): void {
    for (const value of values) {
      if (value.kind !== "document") continue;
      if (value.node.type !== "object" && value.node.type !== "namespace") continue;
      if (!this.#optional.has(value.path.join("."))) this.#endsAtObject(value, place);
    }
  }

  #endsAtObject(value: DocumentValue, place: Place): void {
    const path = ["input", ...value.path].join(".");
    const hint =
      value.node.type === "list" ? "loop over it and name the members of each element" : "name the member";
    this.problem(
      place,
      `name-the-member: a read ends at ${path}, which has members of its own: ${hint}, or list the path under \`optional\` and ask only whether it is there`,
    );
  }

  #stepOne(value: Value, wanted: Step, place: Place): Values {
    if (
      typeof wanted === "object" &&
      "place" in wanted &&
      value.kind === "list" &&
      value.places !== undefined
    ) {
      return value.places[wanted.place] ?? OPAQUE;
    }
    const step = typeof wanted === "object" && "place" in wanted ? "any" : wanted;
    switch (value.kind) {
      case "document":
        return this.#stepDocument(value, value.node, step, place, false);
      case "data":
        return this.#stepData(value, step, place);
      case "constant":
        return OPAQUE;
      case "list":
      case "set":
        return value.items.length === 0 ? OPAQUE : value.items;
      case "object": {
        if (typeof step !== "object") {
          const all = union(...value.members.values(), value.others);
          return all.length === 0 ? OPAQUE : all;
        }
        const member = union(value.members.get(step.name) ?? [], value.others);
        return member.length === 0 ? OPAQUE : member;
      }
      case "opaque":
        return value.from === undefined ? OPAQUE : [{ kind: "opaque", from: value.from }];
    }
  }

  #stepDocument(
    value: DocumentValue,
    node: SchemaNode,
    step: PlainStep,
    place: Place,
    lenient: boolean,
  ): Values {
    const path = ["input", ...value.path].join(".");
    const below = (name: string, next: SchemaNode): Values => [
      { kind: "document", path: [...value.path, name], node: next },
    ];
    const refuse = (message: string): Values => {
      if (lenient) return [];
      this.problem(place, message);
      return OPAQUE;
    };
    switch (node.type) {
      case "value":
        return refuse(`${path} has nothing below it`);
      case "any":
        // Without a schema each element may be another member: that one is there shows nothing of another.
        if (step === "key") {
          return refuse(`cannot follow a variable step into ${path}, which has no schema: name the member`);
        }
        return below(step === "any" ? "*" : step.name, node);
      case "list":
        return typeof step === "object"
          ? refuse(`${path} is a list: it has no "${step.name}"`)
          : below("*", node.items);
      case "table":
        return below(typeof step === "object" ? step.name : "*", node.values);
      case "namespace":
        if (typeof step !== "object")
          return refuse(`cannot follow a variable step into ${path}: write each list by name`);
        return below(step.name, node.values);
      case "object": {
        if (typeof step !== "object") {
          return refuse(`cannot follow a variable step into ${path}: name the member`);
        }
        const member = node.members.get(step.name);
        if (member !== undefined) return below(step.name, member);
        if (value.path[0] === "facts") {
          return refuse(
            `own-facts: ${path}.${step.name} is no fact that this rule declares: add facts["NAME"] to the rule`,
          );
        }
        return refuse(`${path} has no member "${step.name}"`);
      }
      case "union": {
        const found = union(
          ...node.options.map((option) => this.#stepDocument(value, option, step, place, true)),
        );
        return found.length > 0 ? found : refuse(`cannot follow this step into ${path}`);
      }
    }
  }

  #stepData(value: DataValue, step: PlainStep, place: Place): Values {
    if (value.path.length === 0 && typeof step !== "object") {
      this.problem(place, "cannot follow a variable step into data: name the table");
      return OPAQUE;
    }
    return [
      {
        kind: "data",
        path: [...value.path, typeof step === "object" ? step.name : "*"],
        mayLack: value.mayLack,
      },
    ];
  }
}

function holdsAny(node: SchemaNode): boolean {
  if (node.type === "union") return node.options.some(holdsAny);
  return node.type === "any" || (node.type === "table" && holdsAny(node.values));
}

function takenByPlace(value: Value): Value {
  return value.kind === "document" && value.path.at(-1) === "*" && value.node.type !== "any"
    ? { ...value, byPlace: true }
    : value;
}

function keyOf({ node, path }: DocumentValue): Values {
  const from = { path: ["input", ...path, KEY_STEP].join("."), isClosed: false };
  if (node.type === "list") return LOOP_PLACE.map((value) => ({ ...value, from }));
  const isMixed = node.type === "any" || node.type === "union";
  return [{ kind: "opaque", from, ...(isMixed ? { is: "key" } : {}) }];
}
