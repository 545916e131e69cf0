/**
 * Whether a repeated request still tells the same story. What is signed is the same by its identity; what is told
 * about it may drift between two tries of a node in the members listed here, a closed list, and nowhere else.
 * Lists and prices are no drift: where they have moved, the request is judged anew.
 */
import { canonicalJson } from "../input/canonical-json.ts";
import { type Document, documentSchema } from "../input/document.ts";

/** @param stored - the text of the document that was decided, without the original. */
export function isSameButForDrift(document: Document, stored: string): boolean {
  const before = documentSchema.safeParse(JSON.parse(stored));
  return before.success && canonicalJson(withoutDrift(document)) === canonicalJson(withoutDrift(before.data));
}

/** The time of this very asking, what history says by now, and statuses that move on by themselves. */
function withoutDrift(document: Document): unknown {
  const { now: _now, facts: _facts, request, tss_request, key, deposit, ...rest } = document;
  return {
    ...rest,
    request: { ...request, received_at: undefined },
    tss_request: tss_request && { ...tss_request, status: undefined },
    key: key && {
      ...key,
      participants: key.participants?.map(withoutStatus),
      group: withoutGroupStatus(key.group),
      old_group: withoutGroupStatus(key.old_group),
      share_groups: key.share_groups?.map(withoutGroupStatus),
    },
    deposit: deposit && { ...deposit, status: undefined, confirmations: undefined, updated_at: undefined },
  };
}

type KeyGroup = NonNullable<NonNullable<Document["key"]>["group"]>;

function withoutGroupStatus(group: KeyGroup | undefined): unknown {
  return group && { ...group, status: undefined, holders: group.holders?.map(withoutStatus) };
}

function withoutStatus<T extends object>(holder: T): object {
  return { ...holder, status: undefined, online: undefined };
}
