/**
 * Random requirements about members of the one element that a list has, reached on long ways round. They are true of
 * `RANDOM_DOCUMENT`, or false, because of those members, so that the answer changes when one of them is gone.
 */
import fc from "fast-check";

/** @property members - of an element: how it is reached from there, and what it is. */
interface Source {
  readonly lists: readonly string[];
  readonly members: readonly (readonly [path: readonly string[], value: string])[];
}

const SOURCES: readonly Source[] = [
  {
    lists: [
      "input.transaction.destinations",
      'input["transaction"].destinations',
      'object.get(input, ["transaction", "destinations"], [])',
      'object.get(input.transaction, "destinations", [])',
      "tx.destinations",
    ],
    members: [
      [["memo"], "m"],
      [["address"], "a"],
      [["amount", "text"], "1"],
    ],
  },
  {
    lists: ["input.lists.labels", 'object.get(input.lists, "labels", {})', 'input.lists[lower("labels")]'],
    members: [[["kind"], "k"]],
  },
  {
    lists: ["input.raw.parts", 'input.raw["parts"]', 'object.get(input, ["raw", "parts"], [])'],
    members: [
      [["tag"], "t"],
      [["deep", "tag"], "d"],
    ],
  },
];

/** A document of the group `transfer`, with its original. */
export const RANDOM_DOCUMENT = {
  version: 1,
  kind: "transaction_signing",
  group: "transfer",
  channel: "tss.v2",
  request: { id: "r", source: "s", received_at: 1 },
  now: { ms: 1, date: "1970-01-01", time: "00:00:00", weekday: "thu", hour: 0, minute: 0, zone: "UTC" },
  transaction: {
    chain: "ETH",
    destinations: [{ address: "a", memo: "m", wallet_id: "w", amount: { token: "ETH", text: "1" } }],
  },
  lists: { labels: { a: { kind: "k", since: "2020" } } },
  raw: { parts: [{ tag: "t", deep: { tag: "d", other: "o" } }] },
};

const MOST_LISTS = 4;
/** More than a requirement draws; what would be drawn after them is drawn from the first ones again. */
const DRAWS = 120;

/** One Rego file's worth of helpers, and a requirement `X_X`. */
export const requirementArbitrary: fc.Arbitrary<string> = fc
  .array(fc.nat({ max: 1_000_000 }), { minLength: DRAWS, maxLength: DRAWS, size: "max" })
  .map((numbers) => {
    let at = 0;
    const draw = (below: number) => {
      at += 1;
      return (numbers[at % DRAWS] ?? 0) % below;
    };
    return new Writer(draw).requirement();
  });

class Writer {
  readonly #draw: (below: number) => number;
  readonly #helpers: string[] = [];
  #count = 0;

  constructor(draw: (below: number) => number) {
    this.#draw = draw;
  }

  requirement(): string {
    const source = this.#pick(SOURCES);
    const body: string[] = [];
    const element = this.#name("d");
    this.#reach(body, element, this.#list(source, this.#draw(MOST_LISTS)));
    for (let uses = this.#draw(2); uses >= 0; uses -= 1) this.#use(body, element, source);
    const lines = body.join("\n\t\t");
    const require = this.#pick([
      () => `count([1 |\n\t\t${lines}\n\t]) == 1`,
      () => `count({${element} |\n\t\t${lines}\n\t}) > 0`,
      () => this.#helper((name) => `${name} if {\n\t\t${lines}\n}`),
      () =>
        `not ${this.#helper((name) => `default ${name} := true\n\n${name} := false if {\n\t\t${lines}\n}`)}`,
      () => `count(${this.#helper((name) => `${name} contains ${element} if {\n\t\t${lines}\n}`)}) > 0`,
      () => `{\n\tevery z in [1 |\n\t\t${lines}\n\t] {\n\t\tz == 2\n\t}\n}`,
    ])();
    return [
      "import input.transaction as tx",
      'imported if tx.chain == "ETH"',
      ...this.#helpers,
      `require["X_X"] if ${require}`,
    ].join("\n\n");
  }

  #pick<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
    const chosen = choices[this.#draw(choices.length)];
    if (chosen === undefined) throw new RangeError("nothing to pick from");
    return chosen;
  }

  #name(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }

  /** A name that may hide, or be hidden by, the same one in the bodies around. */
  #local(name: string): string {
    return this.#draw(2) === 0 ? name : this.#name(name);
  }

  /** Writes a rule or function of a new name, and gives that name. */
  #helper(text: (name: string) => string): string {
    const name = this.#name("h");
    this.#helpers.push(text(name));
    return name;
  }

  /** A term for the elements of the source, in an array, a set or an object. */
  #list(source: Source, depth: number): string {
    if (depth === 0) return this.#pick(source.lists);
    const inner = this.#list(source, depth - 1);
    const x = this.#local("x");
    const k = this.#local("k");
    return this.#pick([
      () => this.#helper((name) => `${name} := ${inner}`),
      () => `[${x} | some ${x} in ${inner}]`,
      () => `{${x} | some ${x} in ${inner}}`,
      () => `{${k}: ${x} | some ${k}, ${x} in ${inner}}`,
      () => `array.concat([${x} | some ${x} in ${inner}], [])`,
      () => `array.slice([${x} | some ${x} in ${inner}], 0, 2)`,
      () => `array.reverse([${x} | some ${x} in ${inner}])`,
      () => `sort([${x} | some ${x} in ${inner}])`,
      () => `union({{${x} | some ${x} in ${inner}}})`,
      () => this.#helper((name) => `${name} contains ${x} if some ${x} in ${inner}`),
      () => this.#helper((name) => `${name}[${k}] := ${x} if some ${k}, ${x} in ${inner}`),
      () =>
        `[${x}.inside | some ${x} in ${this.#helper((name) => `${name}[${k}].inside := y if some ${k}, y in ${inner}`)}]`,
      () => `${this.#helper((name) => `${name}(${x}) := ${x}`)}(${inner})`,
      () => `${this.#helper((name) => `${name}(${x}) := [${k} | some ${k} in ${x}]`)}(${inner})`,
      () => `${this.#helper((name) => `${name}({"a": a, "b": [1, _]}) := a`)}({"a": ${inner}, "b": [1, 2]})`,
      () =>
        `${this.#helper((name) => `${name}(${x}) := [] if {\n\tcount(${x}) > 99\n} else := ${x}`)}(${inner})`,
      () => `${this.#helper((name) => `${name}.a.b := ${inner}`)}.a.b`,
      () => `{"k": ${inner}}.k`,
      () => `object.get({"k": ${inner}}, "k", [])`,
      () => `[${x} | some ${k}; ${x} := {"a": ${inner}}[${k}][_]]`,
      () => `${this.#helper((name) => `${name}["a"] contains ${x} if some ${x} in ${inner}`)}.a`,
      () => `[${x} | [${k}, _] := [${inner}, 1]; some ${x} in ${k}]`,
      () => `[${x}[0] | some ${x} in [[${k}, 1] | some ${k} in ${inner}]]`,
      () => `[${inner}, 1][0]`,
    ])();
  }

  /** Binds the name to each element. */
  #reach(body: string[], element: string, list: string): void {
    const x = this.#local("x");
    const t = this.#local("t");
    const i = this.#local("i");
    body.push(
      ...this.#pick([
        () => [`some ${element} in ${list}`],
        () => [`some _, ${element} in ${list}`],
        () => [`${t} := ${list}`, `${element} := ${t}[_]`],
        () => [`${t} := ${list}`, `some ${i}`, `${element} = ${t}[${i}]`],
        () => [`${t} = ${list}`, `${t}[_] = ${element}`],
        () => [`some ${x} in ${list}`, `some ${element} in [${x}]`],
        () => [`some ${x} in ${list}`, `[_, ${element}] := [1, ${x}]`],
        () => [`some ${x} in ${list}`, `${t} := {"x": {"y": ${x}}}`, `${element} := ${t}.x.y`],
        () => [`some ${x} in ${list}`, `some ${i}`, `${element} := {"x": ${x}}[${i}]`],
        () => [`some ${x} in ${list}`, `{"m": ${element}, "n": 1} = {"m": ${x}, "n": 1}`],
        () => [`some ${x} in ${list}`, `${this.#helper((name) => `${name}(y) := y`)}(${x}, ${element})`],
        () => [`some ${x} in ${list}`, `${element} := object.get({"x": ${x}}, "x", {})`],
      ])(),
    );
  }

  /** Asks for one member of the element. */
  #use(body: string[], d: string, { members }: Source): void {
    const [path, value] = this.#pick(members);
    const dotted = path.join(".");
    const quoted = JSON.stringify(path);
    const x = this.#name("x");
    const [first = "", ...rest] = path;
    const after = rest.map((step) => `.${step}`).join("");
    body.push(
      ...this.#pick([
        () => [`${d}.${dotted} == "${value}"`],
        () => [`object.get(${d}, ${quoted}, "none") == "${value}"`],
        () => [`${x} := "${first}"`, `${d}[${x}]${after} == "${value}"`],
        () => [`${this.#helper((name) => `${name}(y) := y.${dotted}`)}(${d}) == "${value}"`],
        () => [`[${x}, _] := [${d}.${dotted}, 1]`, `${x} == "${value}"`],
        () => [`$"{${d}.${dotted}}" == "${value}"`],
        () => [`lower(${d}.${dotted}) == "${value}"`],
        () => [`${d}.${dotted} in {"${value}"}`],
        () => [`{${d}.${dotted}} & {"${value}"} != set()`],
        () => [`count([1 | ${d}.${dotted} == "${value}"]) == 1`],
        () => [`some ${x} in ["${first}"]`, `${d}[${x}]${after} == "${value}"`],
        () => [`${this.#helper((name) => `${name}(y) if y.${dotted} == "${value}"`)}(${d})`],
        () => [`not ${d}.${dotted} == "other"`],
        () => [`"${value}" = ${d}.${dotted}`],
        () => [`{"${value}": 1}[${d}.${dotted}] == 1`],
      ])(),
    );
  }
}
