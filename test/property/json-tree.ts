/**
 * A request as a tree of what it spells, so that a mutation can do what no JSON value can hold: a key twice, a
 * number in another spelling, white space, escapes. A string that holds JSON is a node around that JSON.
 */

export interface Member {
  key: string;
  node: Node;
}

export type Node =
  | { kind: "object"; members: Member[]; space?: boolean }
  | { kind: "array"; items: Node[]; space?: boolean }
  | { kind: "text"; value: string; escaped?: boolean }
  | { kind: "held"; inner: Node }
  /** A number, a word, or anything else exactly as it stands. */
  | { kind: "raw"; text: string };

/** The members of a request whose strings hold JSON. */
const HELD: ReadonlySet<string> = new Set([
  "request_detail",
  "extra_info",
  "to_address_details",
  "extra_parameters",
]);

/** @param held - whether a string that is JSON of an object or array is opened. */
export function treeOf(value: unknown, held = false): Node {
  if (Array.isArray(value)) return { kind: "array", items: value.map((item) => treeOf(item)) };
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([key, inner]) => ({
      key,
      node: treeOf(inner, HELD.has(key)),
    }));
    return { kind: "object", members };
  }
  if (typeof value !== "string") return { kind: "raw", text: JSON.stringify(value) };
  return held && /^[[{]/.test(value)
    ? { kind: "held", inner: treeOf(JSON.parse(value)) }
    : { kind: "text", value };
}

const escaped = (text: string): string =>
  `"${[...text]
    .flatMap((character) => character.split(""))
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("")}"`;

export function textOf(node: Node): string {
  switch (node.kind) {
    case "object": {
      const members = node.members.map(({ key, node: inner }) => `${JSON.stringify(key)}:${textOf(inner)}`);
      return node.space ? `{ \n${members.join(" ,\t")}\r}` : `{${members.join(",")}}`;
    }
    case "array": {
      const items = node.items.map(textOf);
      return node.space ? `[ ${items.join("\n, ")} ]` : `[${items.join(",")}]`;
    }
    case "text":
      return node.escaped ? escaped(node.value) : JSON.stringify(node.value);
    case "held":
      return JSON.stringify(textOf(node.inner));
    case "raw":
      return node.text;
  }
}

export function copyOf(node: Node): Node {
  return structuredClone(node);
}

/** A place in the tree that can hold another node. */
export interface Place {
  readonly parent: Node;
  /** The member's key, or `""` in an array or a string. */
  readonly key: string;
  get(): Node;
  set(node: Node): void;
  remove(): void;
}

/** All places below a node, from the outside in. */
export function placesIn(root: Node): Place[] {
  const places: Place[] = [];
  const visit = (node: Node): void => {
    if (node.kind === "held") {
      places.push({
        parent: node,
        key: "",
        get: () => node.inner,
        set: (inner) => {
          node.inner = inner;
        },
        remove: () => {
          node.inner = { kind: "raw", text: "" };
        },
      });
      visit(node.inner);
    } else if (node.kind === "object") {
      for (const member of node.members) {
        places.push({
          parent: node,
          key: member.key,
          get: () => member.node,
          set: (inner) => {
            member.node = inner;
          },
          remove: () => {
            node.members = node.members.filter((other) => other !== member);
          },
        });
        visit(member.node);
      }
    } else if (node.kind === "array") {
      for (const [index, item] of node.items.entries()) {
        places.push({
          parent: node,
          key: "",
          get: () => node.items[index] ?? item,
          set: (inner) => {
            node.items[index] = inner;
          },
          remove: () => {
            node.items.splice(index, 1);
          },
        });
        visit(item);
      }
    }
  };
  visit(root);
  return places;
}

/** The members whose strings are read as JSON, of a request and of the `extra_info` of a version 1 transfer. */
const READ_IN_REQUEST = ["request_detail", "extra_info"];
const READ_IN_TRANSFER = ["to_address_details", "extra_parameters"];

function statesTwice(node: Node, read: readonly string[], readBelow: readonly string[]): boolean {
  if (node.kind === "array") return node.items.some((item) => statesTwice(item, [], []));
  if (node.kind !== "object") return false;
  const keys = node.members.map(({ key }) => key);
  if (new Set(keys).size < keys.length) return true;
  return node.members.some(({ key, node: member }) => {
    if (member.kind !== "held") return statesTwice(member, [], []);
    return read.includes(key) && statesTwice(member.inner, key === "extra_info" ? readBelow : [], []);
  });
}

/**
 * Whether some object of a request that is read states a key twice. A mutation may put a string of JSON where it
 * is a string and nothing more: in a member that nobody knows, or that belongs to another type of request.
 */
export function hasDuplicateKey(request: Node): boolean {
  const isTransfer =
    request.kind === "object" &&
    request.members.some(
      ({ key, node }) => key === "request_type" && node.kind === "raw" && node.text === "2",
    );
  return statesTwice(request, READ_IN_REQUEST, isTransfer ? READ_IN_TRANSFER : []);
}
