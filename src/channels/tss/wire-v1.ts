/**
 * `extra_info` of the version 1 payload: flat, amounts in smallest units, optional members absent, 0 or "".
 * Source: the manual's callback page, the v1 request pages, the types of the v1 examples.
 */
import { z } from "zod";
import { count, integer, oneOfInts, optional, required } from "./wire-members.ts";

/** How a transaction came about; 0 where it isn't stated. */
export const TRANSACTION_TYPES_V1 = [
  100, 101, 102, 103, 104, 105, 106, 107, 300, 301, 302, 303, 304, 305, 307, 308, 309, 310, 311, 500, 501,
] as const;

/** 100 transfer, 200 contract call, 201 mint, 202 burn, 300 sign message; 0 where it isn't stated. */
export const OPERATIONS_V1 = [100, 200, 201, 202, 300] as const;

const keyExtra = z.object({ cobo_id: required, api_request_id: optional });

const keySignExtra = z.object({
  cobo_id: required,
  api_request_id: optional,
  transaction_type: oneOfInts([0, ...TRANSACTION_TYPES_V1]),
  operation: oneOfInts([0, ...OPERATIONS_V1]),
  coin: optional,
  decimal: count,
  from_address: optional,
  to_address: optional,
  amount: optional,
  /** JSON: {@link toAddressDetails}. */
  to_address_details: optional,
  fee: count,
  gas_price: count,
  gas_limit: count,
  /** JSON: {@link extraParameters}. */
  extra_parameters: optional,
  replace_cobo_id: optional,
  api_key: optional,
  spender: optional,
  operator: optional,
  custody_wallet_name: optional,
  gas_station_child_id: optional,
  raw_tx_hex: optional,
  raw_tx: z.array(z.object({ raw_tx: optional, derivation_path: optional })).optional(),
  note: optional,
  /** Material of an undocumented shape, JSON or not. */
  raw_tx_info: optional,
});

/** The outputs of a UTXO transaction, amounts in smallest units; none for an account's. */
export const toAddressDetails = z.array(z.object({ to_address: required, amount: required }));

const inputs = z.array(z.object({ tx_hash: optional, vout_n: integer })).optional();

/** What the caller of `create_transaction` asked for; other options are ignored here. */
export const extraParameters = z.object({
  inputs_to_spend: inputs,
  inputs_to_exclude: inputs,
  calldata: optional,
  /** Solana's spelling of calldata. */
  instructions: z.array(z.unknown()).optional(),
});

export const EXTRAS_V1 = { keyGen: keyExtra, keySign: keySignExtra, keyReshare: keyExtra } as const;

export type KeyExtraV1 = z.infer<typeof keyExtra>;
/** With the JSON that lay in its strings. */
export interface KeySignExtraV1
  extends Omit<z.infer<typeof keySignExtra>, "to_address_details" | "extra_parameters"> {
  readonly outputs: z.infer<typeof toAddressDetails> | undefined;
  readonly parameters: z.infer<typeof extraParameters> | undefined;
}
