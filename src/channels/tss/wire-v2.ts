/**
 * `extra_info` of the version 2 payload: what Cobo says about the task, as objects (seed 000 and the SDK's
 * schemas). Members and values that newer versions removed stay: old nodes and old transactions carry them.
 * Statuses that the documents say grow are free text.
 */
import { z } from "zod";
import { count, flag, oneOf, optional, required, texts, timestamp } from "./wire-members.ts";
import { destination, source } from "./wire-v2-transfer.ts";

const curve = oneOf(["SECP256K1", "ED25519"]);

const org = z.object({
  org_id: required,
  biz_org_id: z.int().optional(),
  name: optional,
  created_timestamp: timestamp,
});

const project = z.object({
  project_id: optional,
  org_id: optional,
  name: optional,
  participants: count,
  threshold: count,
  created_timestamp: timestamp,
});

const vault = z.object({
  vault_id: optional,
  project_id: optional,
  name: optional,
  type: oneOf(["Org-Controlled", "User-Controlled"]),
  root_pubkeys: z.array(z.object({ root_pubkey: optional, curve })).optional(),
  created_timestamp: timestamp,
});

const wallet = z.object({
  wallet_id: required,
  wallet_type: oneOf(["Custodial", "MPC", "SmartContract", "Exchange"]),
  wallet_subtype: oneOf([
    "Asset",
    "Web3",
    "Org-Controlled",
    "User-Controlled",
    "Safe{Wallet}",
    "Main",
    "Sub",
  ]),
  name: optional,
  org_id: optional,
  enable_auto_sweep: flag,
  project_id: optional,
  project_name: optional,
  vault_id: optional,
  vault_name: optional,
});

const holder = z.object({
  name: optional,
  type: oneOf(["Cobo", "Mobile", "API"]),
  tss_node_id: optional,
  online: flag,
  signer: flag,
  status: oneOf(["Valid", "NotConfigured", "NotActivated", "Changed"]),
  account_id: optional,
});

const group = z.object({
  key_share_holder_group_id: optional,
  type: oneOf(["MainGroup", "SigningGroup", "RecoveryGroup"]),
  tss_key_share_groups: z
    .array(z.object({ tss_key_share_group_id: optional, curve, root_pubkey: optional }))
    .optional(),
  key_share_holders: z.array(holder).optional(),
  participants: count,
  threshold: count,
  status: oneOf(["New", "Valid", "Unavailable"]),
  created_timestamp: timestamp,
});

const tssRequest = z.object({
  tss_request_id: required,
  source_key_share_holder_group: z
    .object({ key_share_holder_group_id: optional, tss_node_ids: z.array(required).optional() })
    .optional(),
  target_key_share_holder_group_id: optional,
  type: oneOf(["KeyGen", "KeyGenFromKeyGroup", "Recovery"]),
  status: oneOf([
    "PendingKeyHolderConfirmation",
    "KeyHolderConfirmationFailed",
    "KeyGenerating",
    "MPCProcessing",
    "KeyGeneratingFailed",
    "Success",
  ]),
  description: optional,
  created_timestamp: timestamp,
});

const address = z.object({
  address: required,
  chain_id: optional,
  memo: optional,
  path: optional,
  encoding: oneOf([
    "ENCODING_P2PKH",
    "ENCODING_P2SH_P2WPKH",
    "ENCODING_BECH32",
    "ENCODING_P2PKH_UNCOMPRESSED",
    "ENCODING_P2SH_P2MS",
    "ENCODING_P2SH_P2WSH_P2MS",
    "ENCODING_P2TR",
    "ENCODING_ADA_BYRON",
    "ENCODING_ADA_SHELLEY",
    "ENCODING_DEFAULT",
  ]),
  pubkey: optional,
  x_only_pubkey: optional,
  root_pubkey: optional,
  taproot_script_tree_hash: optional,
  taproot_internal_address: optional,
  stellar_trusted_token_ids: texts,
});

const feeBase = { token_id: optional, fee_used: optional, estimated_fee_used: optional };

const fee = z.discriminatedUnion("fee_type", [
  z.object({
    fee_type: z.literal("EVM_EIP_1559"),
    ...feeBase,
    effective_gas_price: optional,
    gas_used: optional,
    max_fee_per_gas: optional,
    max_priority_fee_per_gas: optional,
    gas_limit: optional,
  }),
  z.object({
    fee_type: z.literal("EVM_Legacy"),
    ...feeBase,
    gas_used: optional,
    gas_price: optional,
    gas_limit: optional,
  }),
  z.object({ fee_type: z.literal("UTXO"), ...feeBase, max_fee_amount: optional, fee_rate: optional }),
  z.object({ fee_type: z.literal("Fixed"), ...feeBase, max_fee_amount: optional }),
  z.object({
    fee_type: z.literal("SOL"),
    ...feeBase,
    base_fee: optional,
    rent_amount: optional,
    compute_unit_price: optional,
    compute_unit_limit: optional,
  }),
  z.object({
    fee_type: z.literal("FIL"),
    ...feeBase,
    gas_used: optional,
    gas_base: optional,
    gas_premium: optional,
    gas_fee_cap: optional,
    gas_limit: optional,
  }),
]);

const utxoChange = z.object({ address: optional, value: optional, token_id: optional });

const rawTxInfo = z.object({
  used_nonce: count,
  selected_utxos: z
    .array(
      z.object({
        tx_hash: optional,
        vout_n: count,
        token_id: optional,
        address: optional,
        value: optional,
        redeem_script: optional,
        revealed_script: optional,
        object_id: optional,
        version: optional,
      }),
    )
    .optional(),
  raw_tx: optional,
  unsigned_raw_tx: optional,
  utxo_change: utxoChange.optional(),
  utxo_changes: z.array(utxoChange).optional(),
});

const replaceType = oneOf(["Drop", "Resend", "SpeedUp"]);

export const TRANSACTION_TYPES = [
  "Deposit",
  "Withdrawal",
  "ContractCall",
  "MessageSign",
  "ExternalSafeTx",
  "Stake",
  "Unstake",
] as const;

const transaction = z.object({
  transaction_id: required,
  cobo_id: optional,
  request_id: optional,
  wallet_id: required,
  type: oneOf(TRANSACTION_TYPES),
  status: oneOf([
    "Submitted",
    "PendingScreening",
    "PendingAuthorization",
    "PendingSignature",
    "Broadcasting",
    "Confirming",
    "Completed",
    "Failed",
    "Rejected",
    "Pending",
  ]),
  sub_status: optional,
  failed_reason: optional,
  chain_id: optional,
  token_id: optional,
  asset_id: optional,
  source: source.optional(),
  destination,
  result: z.object({ result_type: z.enum(["Signature"]), signature: optional }).optional(),
  fee: fee.optional(),
  initiator: optional,
  initiator_type: oneOf(["API", "Web", "App", "External"]),
  confirmed_num: count,
  confirming_threshold: count,
  transaction_hash: optional,
  block_info: z.object({ block_number: count, block_timestamp: timestamp, block_hash: optional }).optional(),
  raw_tx_info: rawTxInfo.optional(),
  replacement: z
    .object({
      replaced_by_type: replaceType,
      replaced_by_transaction_id: optional,
      replaced_by_transaction_hash: optional,
      replaced_type: replaceType,
      replaced_transaction_id: optional,
      replaced_transaction_hash: optional,
    })
    .optional(),
  category: texts,
  description: optional,
  is_loop: flag,
  cobo_category: texts,
  extra: texts,
  fueling_info: z
    .object({ request_id: optional, transaction_id: optional, main_transaction_id: optional })
    .optional(),
  transaction_process_type: oneOf(["AutoProcess", "BuildOnly", "SignOnly"]),
  created_timestamp: timestamp,
  updated_timestamp: timestamp,
});

const custody = { org, project: project.optional(), vault: vault.optional() };

export const EXTRAS_V2 = {
  keyGen: z.object({
    ...custody,
    target_key_share_holder_group: group.optional(),
    tss_request: tssRequest,
  }),
  keyReshare: z.object({
    ...custody,
    source_key_share_holder_group: group.optional(),
    target_key_share_holder_group: group.optional(),
    tss_request: tssRequest,
  }),
  keySign: z.object({
    ...custody,
    wallet: wallet.optional(),
    signer_key_share_holder_group: group.optional(),
    source_addresses: z.array(address).optional(),
    transaction,
  }),
  keyShareSign: z.object({
    ...custody,
    wallet: wallet.optional(),
    validity_key_share_holder_groups: z.array(group).optional(),
  }),
} as const;

export type KeyGenExtraV2 = z.infer<typeof EXTRAS_V2.keyGen>;
export type KeyReshareExtraV2 = z.infer<typeof EXTRAS_V2.keyReshare>;
export type KeySignExtraV2 = z.infer<typeof EXTRAS_V2.keySign>;
export type KeyShareSignExtraV2 = z.infer<typeof EXTRAS_V2.keyShareSign>;
export type TransactionV2 = z.infer<typeof transaction>;
export type FeeV2 = z.infer<typeof fee>;
export type GroupV2 = z.infer<typeof group>;
export type CustodyV2 = Pick<KeyShareSignExtraV2, "org" | "project" | "vault" | "wallet">;
