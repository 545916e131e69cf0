/**
 * Whether a document has what the rules read (design 3.5, layer 3).
 *
 * Rego can't tell "not on the list" from "could not see": `not`, `every` and comprehensions make true of what
 * is absent. So every path that a check reads has to be in the document, in each element where it passes `*`;
 * where it is not, the check does not count, whatever Rego said.
 *
 * A read is excused where the member at which it breaks off is one that its rule lists as `optional`: the
 * contract may be absent, and with it all that lies below; a contract without its selector may not. For some
 * members the document must agree, whatever the rule says (`excuses.ts`).
 *
 * The original, `raw`, has no schema that keeps a list from being empty, or an object from standing where a
 * rule compares a text. There an empty container counts as absent, and so does a read that ends at an object:
 * what the rule saw of its members, nobody knows.
 *
 * All reads of a group form one trie, walked once a document. Each node carries what is absent when its member
 * is, worked out when the release goes live.
 */
import { type Document, GROUPS, type Group, type InputDocument } from "../input/document.ts";
import { isFact, isWholeFact, mayLack } from "./excuses.ts";
import type { IndexedCheck, IndexedRule, RuleIndex } from "./rule-index.ts";

/** For each check that lacks something, by {@link checkKey}: the paths it could not see, sorted. */
export type AbsentReads = ReadonlyMap<string, readonly string[]>;

export interface CompiledReads {
  absentReads(group: Group, input: InputDocument): AbsentReads;
}

/** Names one check of one rule: a code may stand in both parts. */
export function checkKey(
  rule: Pick<IndexedRule, "name">,
  check: Pick<IndexedCheck, "part" | "code">,
): string {
  return `${rule.name} ${check.part} ${check.code}`;
}

interface Node {
  readonly step: string;
  /** The path to this member, as the index writes it. */
  readonly path: string;
  readonly next: Node[];
  /** The reads that end here. */
  readonly reads: Read[];
  /** The reads at and below it. */
  all: readonly Read[];
  /** The reads that are not there when this member is not: all of them, less the excused. */
  lost: readonly Read[];
}

interface Read {
  readonly key: string;
  readonly path: string;
  readonly optional: ReadonlySet<string>;
}

/** What to note, and the document that may forbid an excuse. */
interface Walk {
  readonly lost: Set<Read>;
  readonly document: Document;
}

const EACH = "*";
const RAW = "raw";
const NONE: AbsentReads = new Map();

/** Builds one trie per group from the index of a release. */
export function compileReads(index: RuleIndex): CompiledReads {
  const roots = new Map(GROUPS.map((group) => [group, compileGroup(index, group)]));
  return {
    absentReads: (group, input) => {
      const root = roots.get(group);
      if (root === undefined) return NONE;
      const lost = new Set<Read>();
      const walk: Walk = { lost, document: input.document };
      for (const node of root.next) {
        // `raw` travels beside the document as text; nothing else of it is parsed twice.
        if (node.step === RAW) visit(node, JSON.parse(input.raw), walk, true);
        else visitMember(node, input.document, walk, false);
      }
      return lost.size === 0 ? NONE : byCheck(lost);
    },
  };
}

function compileGroup(index: RuleIndex, group: Group): Node {
  const root: Node = { step: "", path: "", next: [], reads: [], all: [], lost: [] };
  for (const rule of index.rules) {
    if (rule.group !== group) continue;
    const optional = new Set(rule.optional);
    for (const check of rule.checks) {
      for (const path of new Set(check.reads))
        descend(root, path).reads.push({ key: checkKey(rule, check), path, optional });
    }
  }
  settle(root);
  return root;
}

function descend(root: Node, path: string): Node {
  let node = root;
  for (const step of path.split(".")) {
    let next = node.next.find((each) => each.step === step);
    if (next === undefined) {
      const path = node.path === "" ? step : `${node.path}.${step}`;
      next = { step, path, next: [], reads: [], all: [], lost: [] };
      node.next.push(next);
    }
    node = next;
  }
  return node;
}

/** Fills in `all` and `lost`, from the leaves up, and returns all reads at and below the node. */
function settle(node: Node): readonly Read[] {
  node.all = [...node.reads, ...node.next.flatMap(settle)];
  node.lost = node.all.filter((read) => !isExcused(read, node.path));
  return node.all;
}

function isExcused(read: Read, path: string): boolean {
  if (read.optional.has(path)) return true;
  if (!isFact(path)) return false;
  // A fact that may be absent may be the only one: then all above it is absent too.
  return [...read.optional].some(
    (each) => isWholeFact(each) && each.startsWith(`${path}.`) && `${read.path}.`.startsWith(`${each}.`),
  );
}

/** `null` counts as absent: the document never has one, and in the original it says nothing. */
function visit(node: Node, value: unknown, walk: Walk, inRaw: boolean): void {
  if (value === undefined || value === null || (inRaw && isEmptyContainer(value))) {
    const lost = mayLack(node.path, walk.document) ? node.lost : node.all;
    for (const read of lost) walk.lost.add(read);
    return;
  }
  if (inRaw && node.reads.length > 0 && holdsObject(value))
    for (const read of node.reads) walk.lost.add(read);
  for (const next of node.next) {
    if (next.step !== EACH) visitMember(next, value, walk, inRaw);
    else if (typeof value !== "object") visit(next, undefined, walk, inRaw);
    else if (Array.isArray(value)) for (const each of value) visit(next, each, walk, inRaw);
    else for (const each of Object.values(value)) if (each !== undefined) visit(next, each, walk, inRaw);
  }
}

function visitMember(node: Node, holder: unknown, walk: Walk, inRaw: boolean): void {
  const value = isContainer(holder) && Object.hasOwn(holder, node.step) ? holder[node.step] : undefined;
  visit(node, value, walk, inRaw);
}

function isEmptyContainer(value: unknown): boolean {
  return isContainer(value) && Object.keys(value).length === 0;
}

function holdsObject(value: unknown): boolean {
  return Array.isArray(value) ? value.some(holdsObject) : isContainer(value);
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function byCheck(lost: ReadonlySet<Read>): AbsentReads {
  const paths = new Map<string, string[]>();
  for (const { key, path } of lost) {
    const known = paths.get(key);
    if (known === undefined) paths.set(key, [path]);
    else known.push(path);
  }
  for (const each of paths.values()) each.sort();
  return paths;
}
