/**
 * What one request may not contradict itself in, by type: the invariants of `invariants.ts`, applied to the
 * members of the wire. Only members that plainly state one fact are held against each other; a reshare's new
 * nodes are not, because Cobo's group may name others than the detail.
 */

import { Refusal } from "../../input/refusal.ts";
import { isJsonObject, type JsonObject } from "../../input/strict-json.ts";
import {
  checkAgreement,
  checkDistinct,
  checkKeyShape,
  checkListLengths,
  checkSameTask,
} from "./invariants.ts";
import { parseHeldJson, saysNothing } from "./wire-members.ts";
import type { KeyGenDetail, KeyReshareDetail, KeySignDetail } from "./wire-request.ts";
import type {
  CustodyV2,
  GroupV2,
  KeyGenExtraV2,
  KeyReshareExtraV2,
  KeyShareSignExtraV2,
  KeySignExtraV2,
} from "./wire-v2.ts";
import { MEMBERS_BY_DESTINATION } from "./wire-v2-transfer.ts";

/** Organization, project, vault and wallet name each other; scopes and rules read one place only. */
function checkCustody({ org, project, vault, wallet }: CustodyV2): void {
  checkAgreement(
    [
      ["org.org_id", org.org_id],
      ["project.org_id", project?.org_id],
    ],
    [
      ["org.org_id", org.org_id],
      ["wallet.org_id", wallet?.org_id],
    ],
    [
      ["project.project_id", project?.project_id],
      ["vault.project_id", vault?.project_id],
    ],
    [
      ["project.project_id", project?.project_id],
      ["wallet.project_id", wallet?.project_id],
    ],
    [
      ["vault.vault_id", vault?.vault_id],
      ["wallet.vault_id", wallet?.vault_id],
    ],
  );
}

/** The node ids of a group's holders; a holder that has no node yet has none. */
export function nodesOf(group: GroupV2 | undefined): string[] {
  const nodes: string[] = [];
  for (const { tss_node_id: node } of group?.key_share_holders ?? []) if (node) nodes.push(node);
  return nodes;
}

function checkGroup(group: GroupV2 | undefined, where: string): void {
  checkDistinct(nodesOf(group), `extra_info.${where}.key_share_holders`);
}

/** The new key's nodes, by the detail and by the group that it is made for. */
function checkSameNodes(detail: KeyGenDetail, group: GroupV2 | undefined): void {
  const declared = nodesOf(group);
  const used = new Set(detail.node_ids);
  const fits =
    declared.every((node) => used.has(node)) && (!isComplete(group) || declared.length === used.size);
  if (declared.length === 0 || fits) return;
  throw new Refusal(
    "REQUEST_SCHEMA",
    "request_detail.node_ids and target_key_share_holder_group.key_share_holders contradict each other",
    { node_ids: detail.node_ids, key_share_holders: declared },
  );
}

/** The nodes that take part, by the detail, hold shares of the group, where it names all its nodes. */
function checkHolders(used: readonly string[], group: GroupV2 | undefined, where: string): void {
  const declared = nodesOf(group);
  if (declared.length === 0 || !isComplete(group)) return;
  const holders = new Set(declared);
  if (used.every((node) => holders.has(node))) return;
  throw new Refusal(
    "REQUEST_SCHEMA",
    `request_detail.used_node_ids and ${where}.key_share_holders contradict each other`,
    { used_node_ids: used, key_share_holders: declared },
  );
}

function isComplete(group: GroupV2 | undefined): boolean {
  return nodesOf(group).length === (group?.key_share_holders ?? []).length;
}

/**
 * The key that signs, or is reshared, is one of the vault's, where those are named: else a rule would judge one
 * vault while another one's key is used.
 */
function checkVaultKey(rootPublicKey: string, vault: CustodyV2["vault"]): void {
  const roots = (vault?.root_pubkeys ?? []).filter(({ root_pubkey }) => root_pubkey);
  if (roots.length === 0 || roots.some(({ root_pubkey }) => root_pubkey === rootPublicKey)) return;
  throw new Refusal("REQUEST_SCHEMA", "request_detail.root_pub_key is none of vault.root_pubkeys");
}

/** The key that signs is one of the group that signs, under the group id that the detail states. */
function checkGroupKey({ root_pub_key, group_id }: KeySignDetail, group: GroupV2 | undefined): void {
  const keys = (group?.tss_key_share_groups ?? []).filter(
    ({ root_pubkey, tss_key_share_group_id: id }) => root_pubkey || id,
  );
  const fits = keys.some(
    ({ root_pubkey: root, tss_key_share_group_id: id }) =>
      (!root || root === root_pub_key) && (!id || !group_id || id === group_id),
  );
  if (keys.length === 0 || fits) return;
  throw new Refusal(
    "REQUEST_SCHEMA",
    "request_detail's key is none of signer_key_share_holder_group.tss_key_share_groups",
  );
}

/** @param extra - absent for a version 1 payload, which says nothing about the key. */
export function checkKeyGen(detail: KeyGenDetail, extra: KeyGenExtraV2 | undefined): void {
  checkKeyShape(detail.threshold, detail.node_ids, { threshold: "threshold", nodes: "node_ids" });
  if (extra === undefined) return;
  const group = extra.target_key_share_holder_group;
  checkSameTask(detail.biz_task_id, extra.tss_request.tss_request_id, "tss_request.tss_request_id");
  checkCustody(extra);
  checkGroup(group, "target_key_share_holder_group");
  checkSameNodes(detail, group);
  checkAgreement(
    [
      ["request_detail.threshold", detail.threshold],
      ["target_key_share_holder_group.threshold", group?.threshold],
    ],
    [
      ["the number of request_detail.node_ids", detail.node_ids.length],
      ["target_key_share_holder_group.participants", group?.participants],
    ],
    [
      ["target_key_share_holder_group.key_share_holder_group_id", group?.key_share_holder_group_id],
      ["tss_request.target_key_share_holder_group_id", extra.tss_request.target_key_share_holder_group_id],
    ],
  );
}

/** @param extra - absent for a version 1 payload. */
export function checkKeyReshare(detail: KeyReshareDetail, extra: KeyReshareExtraV2 | undefined): void {
  checkKeyShape(detail.old_threshold, detail.used_node_ids, {
    threshold: "old_threshold",
    nodes: "used_node_ids",
  });
  checkKeyShape(detail.new_threshold, detail.new_node_ids, {
    threshold: "new_threshold",
    nodes: "new_node_ids",
  });
  if (extra === undefined) return;
  const { source_key_share_holder_group: source, target_key_share_holder_group: target } = extra;
  checkSameTask(detail.biz_task_id, extra.tss_request.tss_request_id, "tss_request.tss_request_id");
  checkCustody(extra);
  checkGroup(source, "source_key_share_holder_group");
  checkGroup(target, "target_key_share_holder_group");
  checkHolders(detail.used_node_ids, source, "source_key_share_holder_group");
  checkVaultKey(detail.root_pub_key, extra.vault);
  checkAgreement(
    [
      ["request_detail.new_threshold", detail.new_threshold],
      ["target_key_share_holder_group.threshold", target?.threshold],
    ],
    [
      ["source_key_share_holder_group.key_share_holder_group_id", source?.key_share_holder_group_id],
      [
        "tss_request.source_key_share_holder_group.key_share_holder_group_id",
        extra.tss_request.source_key_share_holder_group?.key_share_holder_group_id,
      ],
    ],
    [
      ["target_key_share_holder_group.key_share_holder_group_id", target?.key_share_holder_group_id],
      ["tss_request.target_key_share_holder_group_id", extra.tss_request.target_key_share_holder_group_id],
    ],
  );
}

/** What holds for a KeySign detail of either version. */
export function checkSigningTask(detail: KeySignDetail): void {
  checkListLengths(detail.bip32_path_list, detail.msg_hash_list, detail.tweak_list);
  checkDistinct(detail.used_node_ids, "request_detail.used_node_ids");
}

export function checkKeySign(detail: KeySignDetail, extra: KeySignExtraV2): void {
  const { transaction, wallet, signer_key_share_holder_group: group } = extra;
  const source = transaction.source;
  checkSigningTask(detail);
  checkSameTask(detail.biz_task_id, transaction.transaction_id, "transaction.transaction_id");
  checkHeldTexts(transaction);
  checkCustody(extra);
  checkGroup(group, "signer_key_share_holder_group");
  checkHolders(detail.used_node_ids, group, "signer_key_share_holder_group");
  checkVaultKey(detail.root_pub_key, extra.vault);
  checkGroupKey(detail, group);
  const mpc = source?.source_type === "Org-Controlled" || source?.source_type === "User-Controlled";
  checkAgreement(
    [
      ["wallet.wallet_id", wallet?.wallet_id],
      ["transaction.wallet_id", transaction.wallet_id],
    ],
    [
      ["transaction.wallet_id", transaction.wallet_id],
      ["transaction.source.wallet_id", mpc ? source.wallet_id : undefined],
    ],
    [
      ["signer_key_share_holder_group.key_share_holder_group_id", group?.key_share_holder_group_id],
      [
        "transaction.source.signer_key_share_holder_group_id",
        mpc ? source.signer_key_share_holder_group_id : undefined,
      ],
    ],
  );
}

/**
 * The destination's type decides which of its members count; one that belongs to another type, and says
 * something, is left out of the document, so a call or a second payment could hide in it.
 *
 * @param extra - `extra_info` as it was parsed, unknown members included.
 * @throws Refusal `REQUEST_SCHEMA`.
 */
export function checkDestinationMembers({ transaction }: JsonObject): void {
  const destination = isJsonObject(transaction) ? transaction["destination"] : undefined;
  if (!isJsonObject(destination)) return;
  const type = destination["destination_type"];
  const own = MEMBERS_BY_DESTINATION.get(typeof type === "string" ? type : "");
  if (own === undefined) return;
  for (const [member, value] of Object.entries(destination)) {
    if (own.has(member) || saysNothing(value)) continue;
    if (![...MEMBERS_BY_DESTINATION.values()].some((members) => members.has(member))) continue;
    throw new Refusal(
      "REQUEST_SCHEMA",
      `extra_info.transaction.destination.${member}: belongs to another destination_type`,
    );
  }
}

/** The members of a transaction that are strings of JSON. */
function checkHeldTexts({ extra, destination }: KeySignExtraV2["transaction"]): void {
  for (const [index, text] of (extra ?? []).entries()) {
    if (text !== "") parseHeldJson(text, `extra_info.transaction.extra.${index}`);
  }
  if (destination.destination_type === "EVM_EIP_712_Signature" && destination.raw_structured_data) {
    parseHeldJson(destination.raw_structured_data, "extra_info.transaction.destination.raw_structured_data");
  }
}

export function checkKeyShareSign(extra: KeyShareSignExtraV2): void {
  checkCustody(extra);
  for (const group of extra.validity_key_share_holder_groups ?? []) {
    checkGroup(group, "validity_key_share_holder_groups");
  }
}
