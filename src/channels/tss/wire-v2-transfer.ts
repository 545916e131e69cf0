/** Where a version 2 transaction takes from and where it goes: the two unions of its schema. */
import { z } from "zod";
import type { JsonObject } from "../../input/strict-json.ts";
import { count, flag, oneOf, optional, required, texts } from "./wire-members.ts";

const EXCHANGES = ["binance", "okx", "deribit", "bybit", "gate", "bitget", "bitmart", "bitfinex"] as const;
const WALLET_TYPES = ["Custodial", "MPC", "SmartContract", "Exchange"] as const;
const WALLET_SUBTYPES = [
  "Asset",
  "Web3",
  "Org-Controlled",
  "User-Controlled",
  "Safe{Wallet}",
  "Main",
  "Sub",
] as const;
const MPC_SUBTYPES = ["Org-Controlled", "User-Controlled"] as const;

const utxos = z.array(z.object({ tx_hash: optional, vout_n: count })).optional();

export const source = z.discriminatedUnion("source_type", [
  z.object({ source_type: z.literal("Asset"), wallet_id: optional }),
  z.object({
    source_type: z.literal("Web3"),
    wallet_id: optional,
    address: optional,
    included_utxos: utxos,
    excluded_utxos: utxos,
  }),
  z.object({
    source_type: z.literal(MPC_SUBTYPES),
    wallet_id: optional,
    address: optional,
    included_utxos: utxos,
    excluded_utxos: utxos,
    signer_key_share_holder_group_id: optional,
  }),
  z.object({
    source_type: z.literal("Safe{Wallet}"),
    wallet_id: optional,
    address: optional,
    delegate: z
      .object({ delegate_type: z.enum(MPC_SUBTYPES), wallet_id: optional, address: optional })
      .optional(),
  }),
  z.object({
    source_type: z.literal(["Main", "Sub"]),
    exchange_id: oneOf(EXCHANGES),
    wallet_id: optional,
    trading_account_type: optional,
  }),
  z.object({
    source_type: z.literal("DepositFromAddress"),
    wallet_id: optional,
    wallet_type: oneOf(WALLET_TYPES),
    wallet_subtype: oneOf(WALLET_SUBTYPES),
    addresses: texts,
  }),
  z.object({
    source_type: z.literal("DepositFromWallet"),
    wallet_id: optional,
    wallet_type: oneOf(WALLET_TYPES),
    wallet_subtype: oneOf(WALLET_SUBTYPES),
    trading_account_type: optional,
  }),
  z.object({ source_type: z.literal("DepositFromLoop") }),
]);

const calldataInfo = z.object({
  chain_id: optional,
  address: optional,
  name: optional,
  impl_address: optional,
  impl_name: optional,
  proxy: flag,
  method: z
    .object({ name: optional, sig: optional, type: optional, payable: flag, selector: optional })
    .optional(),
  params: optional,
});

/** What a Safe transaction decodes to: calls that may hold calls. */
const decodedData: z.ZodType = z.object({
  method: optional,
  parameters: z
    .array(
      z.object({
        name: optional,
        type: optional,
        value: optional,
        value_decoded: z
          .array(
            z.object({
              operation: optional,
              to: optional,
              value: optional,
              wei: optional,
              data: optional,
              data_decoded: z.lazy(() => decodedData).optional(),
              to_contract_name: optional,
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});

const safeTxExtraData = z.object({
  to: optional,
  value: optional,
  data: optional,
  domain_hash: optional,
  message_hash: optional,
  safe_address: optional,
  safe_tx_hash: optional,
  safe_nonce: count,
  operation: optional,
  gas_token_addr: optional,
  safe_tx_gas: count,
  base_gas: count,
  gas_price: optional,
  refund_receiver: optional,
  to_contract_name: optional,
  decoded_data: decodedData.optional(),
  signature: optional,
  wei: optional,
});

/** Free-form: the typed data that is signed, whatever its types are. */
const structuredData = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

const toWallet = {
  wallet_id: required,
  trading_account_type: optional,
  exchange_id: oneOf(EXCHANGES),
  amount: required,
};

export const DESTINATION_TYPES = [
  "Address",
  "CustodialWallet",
  "ExchangeWallet",
  "EVM_Contract",
  "SOL_Contract",
  "STELLAR_Contract",
  "COSMOS_Contract",
  "TRON_Contract",
  "EVM_EIP_191_Signature",
  "EVM_EIP_712_Signature",
  "BTC_BIP_137_Signature",
  "BTC_BIP_322_Signature",
  "COSMOS_ADR_36_Signature",
  "Raw_Message_Signature",
  "DepositToAddress",
  "DepositToWallet",
] as const;

export const destination = z.discriminatedUnion("destination_type", [
  z.object({
    destination_type: z.literal("Address"),
    account_output: z.object({ address: optional, memo: optional, amount: optional }).optional(),
    utxo_outputs: z.array(z.object({ address: optional, amount: optional })).optional(),
    change_address: optional,
    force_internal: flag,
    force_external: flag,
  }),
  z.object({ destination_type: z.literal(["CustodialWallet", "ExchangeWallet"]), ...toWallet }),
  z.object({
    destination_type: z.literal("EVM_Contract"),
    address: optional,
    value: optional,
    calldata: optional,
    calldata_info: calldataInfo.optional(),
  }),
  z.object({
    destination_type: z.literal("TRON_Contract"),
    address: optional,
    value: optional,
    calldata: optional,
  }),
  z.object({
    destination_type: z.literal("SOL_Contract"),
    instructions: z
      .array(
        z.object({
          accounts: z.array(z.object({ pubkey: optional, is_signer: flag, is_writable: flag })).optional(),
          data: optional,
          program_id: optional,
        }),
      )
      .optional(),
    address_lookup_table_accounts: z
      .array(z.object({ alt_account_key: optional, addresses: texts }))
      .optional(),
  }),
  z.object({
    destination_type: z.literal("STELLAR_Contract"),
    contract_param: z
      .object({
        contract_type: z.enum(["TrustLine"]),
        token_id: optional,
        operation_type: oneOf(["ChangeTrust"]),
      })
      .optional(),
  }),
  z.object({
    destination_type: z.literal("COSMOS_Contract"),
    cosmos_messages: z.array(z.object({ type_url: optional, message: optional })).optional(),
  }),
  z.object({ destination_type: z.literal("EVM_EIP_191_Signature"), message: optional }),
  z.object({
    destination_type: z.literal("EVM_EIP_712_Signature"),
    raw_structured_data: optional,
    structured_data: structuredData.optional(),
    safe_tx_extra_data: safeTxExtraData.optional(),
  }),
  z.object({ destination_type: z.literal("BTC_BIP_137_Signature"), message_bip137: optional }),
  z.object({ destination_type: z.literal("BTC_BIP_322_Signature"), message_bip322: optional }),
  z.object({ destination_type: z.literal("COSMOS_ADR_36_Signature"), message_cosmos_adr36: optional }),
  z.object({ destination_type: z.literal("Raw_Message_Signature"), msg_hash: optional }),
  z.object({
    destination_type: z.literal("DepositToAddress"),
    wallet_id: optional,
    wallet_type: oneOf(WALLET_TYPES),
    wallet_subtype: oneOf(WALLET_SUBTYPES),
    address: optional,
    memo: optional,
    amount: optional,
    tx_info: z.object({ vout_n: count, object_id: optional, version: optional }).optional(),
  }),
  z.object({
    destination_type: z.literal("DepositToWallet"),
    wallet_id: optional,
    wallet_type: oneOf(WALLET_TYPES),
    wallet_subtype: oneOf(WALLET_SUBTYPES),
    trading_account_type: optional,
    exchange_id: oneOf(EXCHANGES),
    amount: optional,
  }),
]);

/** Which members each type of destination has. */
export const MEMBERS_BY_DESTINATION: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  destination.options.flatMap(({ shape }) =>
    [...shape.destination_type.values].map((type) => [type, new Set(Object.keys(shape))] as const),
  ),
);

export type DestinationV2 = z.infer<typeof destination>;
