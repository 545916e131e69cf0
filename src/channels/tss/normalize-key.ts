/** The members of the document that key requests bring: generation, reshare, key share signing. */
import type { Document } from "../../input/document.ts";
import { present } from "../absent.ts";
import { custodyOf, groupOf, participantsIn, tssRequestOf } from "./normalize-custody.ts";
import type { KeyGeneration, KeyReshare, KeyShareSign } from "./wire.ts";

type Key = NonNullable<Document["key"]>;
/** What the type of a request adds to the members that all have. */
export type KeyMembers = Pick<
  Document,
  "organization" | "project" | "vault" | "wallet" | "tss_request" | "key" | "evidence"
>;

/** Key requests carry no bytes that evidence could be taken from (design 3.7). */
const NO_EVIDENCE = { status: "absent", key: "absent" } as const;

const CURVES = { 0: "secp256k1", 2: "ed25519" } as const;

export function keyGenerationMembers({ payload, detail, extra }: KeyGeneration): KeyMembers {
  const group = payload === "v2" ? extra.target_key_share_holder_group : undefined;
  const key: Key = present({
    curve: CURVES[detail.curve],
    threshold: detail.threshold,
    participants: participantsIn(detail.node_ids, group),
    group: groupOf(group),
  });
  if (payload === "v1") return { key, evidence: NO_EVIDENCE };
  return { ...custodyOf(extra), tss_request: tssRequestOf(extra.tss_request), key, evidence: NO_EVIDENCE };
}

/** The participants are the new group's nodes; `used` are the old one's that take part. */
export function keyReshareMembers({ payload, detail, extra }: KeyReshare): KeyMembers {
  const source = payload === "v2" ? extra.source_key_share_holder_group : undefined;
  const target = payload === "v2" ? extra.target_key_share_holder_group : undefined;
  const key: Key = present({
    old_group_id: detail.old_group_id,
    root_public_key: detail.root_pub_key,
    curve: CURVES[detail.curve],
    threshold: detail.new_threshold,
    old_threshold: detail.old_threshold,
    participants: participantsIn(detail.new_node_ids, target),
    used: detail.used_node_ids,
    group: groupOf(target),
    old_group: groupOf(source),
  });
  if (payload === "v1") return { key, evidence: NO_EVIDENCE };
  return { ...custodyOf(extra), tss_request: tssRequestOf(extra.tss_request), key, evidence: NO_EVIDENCE };
}

export function keyShareSigningMembers({ detail, extra }: KeyShareSign): KeyMembers {
  const key: Key = present({
    participants: [{ node: detail.node_id }],
    used: [detail.node_id],
    share_checks: detail.details,
    share_groups: (extra.validity_key_share_holder_groups ?? []).flatMap((group) => groupOf(group) ?? []),
  });
  return { ...custodyOf(extra), key, evidence: NO_EVIDENCE };
}
