/**
 * When a member may be absent that a rule lists as `optional` although rules judge by it. The document alone says so,
 * never the rule: anywhere else the absence hides something.
 */
import type { Document, Effect } from "../input/document.ts";

const UNREAD: readonly (string | undefined)[] = ["absent", "undecodable", "unsupported"];

const WHOLE_FACT = "facts.rule.name".split(".").length;

/** What moves value, or lets somebody take it, and so counts in the totals. A fee has limits of its own. */
const MOVING: ReadonlySet<Effect["type"]> = new Set(["transfer", "approve", "permit", "operator_grant"]);

/**
 * - `evidence.effects`: where nobody read the bytes, or they are text for people.
 * - `transaction.totals`: in a message that moves nothing.
 * - facts: of a message that moves nothing, of a transaction what it replaces, where it replaces nothing, and of a
 *   deposit what its senders did, where it names none.
 * - what an answer that is there leaves open, such as what a flagged deposit was worth.
 *
 * @param path - of the absent member, as the index writes it.
 */
export function mayLack(path: string, document: Document): boolean {
  if (path === "evidence.effects") return isUnread(document) || isText(document);
  if (path === "transaction.totals") return movesNothing(document);
  if (!isFact(path) || stepsOf(path) > WHOLE_FACT) return true;
  if (document.group === "message") return movesNothing(document);
  if (document.group === "deposit") return namesNoSender(document);
  return document.transaction !== undefined && document.transaction.replaces === undefined;
}

export function isFact(path: string): boolean {
  return path === "facts" || path.startsWith("facts.");
}

/** Whether it is one answer, `facts.<rule>.<name>`, and nothing above or below it. */
export function isWholeFact(path: string): boolean {
  return isFact(path) && stepsOf(path) === WHOLE_FACT;
}

function stepsOf(path: string): number {
  return path.split(".").length;
}

function namesNoSender({ deposit, transaction }: Document): boolean {
  return deposit?.sources === undefined && (transaction?.sources ?? []).every(({ address }) => !address);
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
