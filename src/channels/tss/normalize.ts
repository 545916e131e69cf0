/** From a checked callback to the one document that rules see (design 3.4). */

import type { Material } from "../../evidence/material.ts";
import { type Document, GROUP_OF, type InputDocument } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import type { Assets } from "../../policy/assets.ts";
import { presentOrAbsent } from "../absent.ts";
import { assertCountable } from "../countable.ts";
import { keyGenerationMembers, keyReshareMembers, keyShareSigningMembers } from "./normalize-key.ts";
import { signingMembersV1 } from "./normalize-sign-v1.ts";
import { signingMembersV2 } from "./normalize-sign-v2.ts";
import { type ParsedTask, UnusableRequest } from "./wire.ts";

/**
 * What the request doesn't say itself.
 *
 * @property source - the configured node's name.
 * @property receivedAt - milliseconds since the epoch.
 * @property tokens - the release's `data.tokens`; decimals come from nowhere else.
 * @property chains - the release's `data.chains` over the built-in table.
 */
export interface NormalizeContext extends Assets {
  readonly source: string;
  readonly receivedAt: number;
  readonly now: Document["now"];
}

type Common = "version" | "group" | "channel" | "request" | "task" | "now";
type Members = Omit<Document, Common>;

/** @property material - what is to be signed; absent for key events. */
interface Parts {
  readonly members: Members;
  readonly material?: Material;
}

function partsOf(parsed: ParsedTask, assets: Assets): Parts {
  switch (parsed.type) {
    case "key_generation":
      return { members: { kind: "key_generation", ...keyGenerationMembers(parsed) } };
    case "key_reshare":
      return { members: { kind: "key_reshare", ...keyReshareMembers(parsed) } };
    case "key_share_sign":
      return { members: { kind: "key_share_signing", ...keyShareSigningMembers(parsed) } };
    case "key_sign":
      return parsed.payload === "v1" ? signingMembersV1(parsed, assets) : signingMembersV2(parsed, assets);
  }
}

/** A document that nobody has held against the bytes yet, and those bytes. */
export interface Normalized extends InputDocument {
  readonly material?: Material;
}

/**
 * The document of one request, without evidence, facts, lists and prices, its original, and what is to be signed.
 *
 * @throws UnusableRequest `KIND_UNKNOWN` and `REQUEST_SCHEMA`, with the request's id.
 */
export function normalize(parsed: ParsedTask, context: NormalizeContext): Normalized {
  try {
    const { members, material } = partsOf(parsed, context);
    assertCountable(members.transaction);
    const task = presentOrAbsent({ id: parsed.detail.task_id, business_id: parsed.detail.biz_task_id });
    return {
      document: {
        version: 1,
        group: GROUP_OF[members.kind],
        channel: `tss.${parsed.payload}`,
        request: { id: parsed.requestId, source: context.source, received_at: context.receivedAt },
        ...(task === undefined ? {} : { task }),
        now: context.now,
        ...members,
      },
      raw: parsed.rawText,
      ...(material === undefined ? {} : { material }),
    };
  } catch (error) {
    if (error instanceof Refusal) throw new UnusableRequest(error, parsed.requestId);
    throw error;
  }
}

/** The nodes that a request names: a node that isn't among them has no part in it (invariant `participant`). */
export function participantsOf(parsed: ParsedTask): readonly string[] {
  switch (parsed.type) {
    case "key_generation":
      return parsed.detail.node_ids;
    case "key_reshare":
      return [...new Set([...parsed.detail.used_node_ids, ...parsed.detail.new_node_ids])];
    case "key_sign":
      return parsed.detail.used_node_ids;
    case "key_share_sign":
      return [parsed.detail.node_id];
  }
}
