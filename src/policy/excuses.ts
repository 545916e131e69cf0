/**
 * When a member may be absent that a rule lists as `optional` although rules judge by it. The document alone says so,
 * never the rule: anywhere else the absence hides something.
 */
import type { Document, Effect } from "../input/document.ts";

const UNREAD: readonly (string | undefined)[] = ["absent", "undecodable", "unsupported"];

/** What moves value, or lets somebody take it, and so counts in the totals. A fee has limits of its own. */
const MOVING: ReadonlySet<Effect["type"]> = new Set(["transfer", "approve", "permit", "operator_grant"]);

/**
 * - `evidence.effects`: where nobody read the bytes, or they are text for people.
 * - `transaction.totals`: in a message that moves nothing.
 * - facts: of a message that moves nothing, and of a transaction what it replaces, where it replaces nothing.
 *
 * @param path - of the absent member, as the index writes it.
 */
export function mayLack(path: string, document: Document): boolean {
  if (path === "evidence.effects") return isUnread(document) || isText(document);
  if (path === "transaction.totals") return movesNothing(document);
  if (!isFact(path)) return true;
  if (document.group === "message") return movesNothing(document);
  return document.transaction !== undefined && document.transaction.replaces === undefined;
}

export function isFact(path: string): boolean {
  return path === "facts" || path.startsWith("facts.");
}

function isUnread({ evidence }: Document): boolean {
  return UNREAD.includes(evidence?.status);
}

function isText({ group, evidence }: Document): boolean {
  return group === "message" && evidence?.text !== undefined && evidence.typed_data === undefined;
}

function movesNothing(document: Document): boolean {
  const { group, evidence } = document;
  if (group !== "message" || evidence === undefined) return false;
  const { effects } = evidence;
  if (effects === undefined) return isUnread(document) || isText(document);
  return effects.every(({ type }) => !MOVING.has(type));
}
