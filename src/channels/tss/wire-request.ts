/**
 * `request_detail`, by type of request: what will be done with the key. Shapes by the callback page (seed 000)
 * and the SDK (`TSSKeyShareSign` is nowhere else). The version 1 payload has no business task id, and older
 * nodes of it lack whatever came later.
 */
import { z } from "zod";
import { oneOfInts, optional, required, texts } from "./wire-members.ts";

/** `m/44/60/0/0/0`; nodes send no hardened steps, a marked one is passed on for the evidence to judge. */
const BIP32_PATH = /^m(\/[0-9]{1,10}['hH]?){0,32}$/;

/** 1 is a curve that Cobo doesn't use. */
const curve = z.literal([0, 2]);
const nodes = z.array(required).min(1);

const keyGenV1 = z.object({
  threshold: z.int(),
  node_ids: nodes,
  curve,
  task_id: optional,
  biz_task_id: optional,
});

const keySignV1 = z.object({
  group_id: optional,
  root_pub_key: required,
  used_node_ids: nodes,
  bip32_path_list: z.array(z.string().regex(BIP32_PATH)).optional(),
  msg_hash_list: z.array(required).optional(),
  tweak_list: texts,
  signature_type: oneOfInts([0, 1, 2, 3]),
  tss_protocol: oneOfInts([0, 1, 2, 3]),
  task_id: optional,
  biz_task_id: optional,
});

const keyReshareV1 = z.object({
  old_group_id: optional,
  root_pub_key: required,
  curve,
  used_node_ids: nodes,
  old_threshold: z.int(),
  new_threshold: z.int(),
  new_node_ids: nodes,
  task_id: optional,
  biz_task_id: optional,
});

export const keyShareSignDetail = z.object({
  node_id: required,
  task_id: optional,
  details: z.array(z.object({ group_id: required, message: required })).min(1),
  biz_task_id: optional,
});

export const DETAILS_V1 = { keyGen: keyGenV1, keySign: keySignV1, keyReshare: keyReshareV1 } as const;

const business = { biz_task_id: required };

export const DETAILS_V2 = {
  keyGen: keyGenV1.extend(business),
  keySign: keySignV1.extend({
    ...business,
    signature_type: oneOfInts([1, 2, 3]),
    tss_protocol: oneOfInts([1, 2, 3]),
  }),
  keyReshare: keyReshareV1.extend(business),
} as const;

export type KeyGenDetail = z.infer<typeof keyGenV1>;
export type KeySignDetail = z.infer<typeof keySignV1>;
export type KeyReshareDetail = z.infer<typeof keyReshareV1>;
export type KeyShareSignDetail = z.infer<typeof keyShareSignDetail>;
