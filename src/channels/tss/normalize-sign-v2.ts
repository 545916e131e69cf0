/** The members of the document that a version 2 KeySign request brings. */

import type { Material, SafeWords } from "../../evidence/material.ts";
import { amountFromText, canonicalDecimal, totalsOf } from "../../input/amounts.ts";
import type { Amount, Document, Kind } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import { stringifyJson } from "../../input/strict-json.ts";
import { type Assets, familyOf, nativeTokenOf, tokenOf } from "../../policy/assets.ts";
import type { ChainFamily } from "../../policy/release.ts";
import { present, presentOrAbsent } from "../absent.ts";
import { canonicalAddress, canonicalHex, checkChainOfToken, located, outpointOf } from "../canonical.ts";
import { kindOfV2 } from "./kinds.ts";
import { curveIn, custodyOf, groupOf, participantsIn } from "./normalize-custody.ts";
import { feeOf } from "./normalize-fee.ts";
import { signingOf } from "./normalize-signing.ts";
import type { KeySignV2 } from "./wire.ts";
import { nodesOf } from "./wire-checks.ts";
import type { KeySignExtraV2, TransactionV2 } from "./wire-v2.ts";
import type { DestinationV2 } from "./wire-v2-transfer.ts";

type Transaction = NonNullable<Document["transaction"]>;
type Source = NonNullable<Transaction["sources"]>[number];
type Destination = NonNullable<Transaction["destinations"]>[number];

/** What the type of a request adds to the members that all have. */
export type SigningMembers = Pick<
  Document,
  "organization" | "project" | "vault" | "wallet" | "initiator" | "key" | "signing" | "transaction"
> & { readonly kind: Kind };

/** What a signing request says, and what it brings to be signed. */
export interface SigningParts {
  readonly members: SigningMembers;
  readonly material: Material;
}

/** Cobo's own word for a transaction that its auto-sweep made (`cobo_category` in the SDK's documents). */
const SWEEP = "AutoSweep";

const REPLACEMENTS = { SpeedUp: "speed_up", Drop: "drop", Resend: "resend" } as const;

/** The chain of one transaction, as far as it is known. */
interface Place {
  readonly assets: Assets;
  readonly chain: string | undefined;
  readonly family: ChainFamily | undefined;
}

const addressAt = (place: Place, address: string | undefined): string | undefined =>
  address ? canonicalAddress(address, place.family) : undefined;

/** An amount in whole units; without a token it is still checked, and then nothing's. */
function amountAt(
  place: Place,
  where: string,
  token: string | undefined,
  text: string | undefined,
): Amount | undefined {
  if (!text) return undefined;
  return located(`extra_info.transaction.${where}`, () => {
    if (token) return amountFromText(token, text, tokenOf(place.assets, token)?.decimals);
    canonicalDecimal(text);
    return undefined;
  });
}

/**
 * The coin that a contract call's value is in: the chain's own by the release's data, else the one its gas is
 * paid in, unless that one is known to be a contract's or another chain's.
 */
function coinOf(place: Place, fee: TransactionV2["fee"]): string | undefined {
  const native = nativeTokenOf(place.assets, place.chain);
  if (native !== undefined) return native;
  const paid = fee?.fee_type === "EVM_Legacy" || fee?.fee_type === "EVM_EIP_1559" ? fee.token_id : undefined;
  const known = tokenOf(place.assets, paid);
  if (known !== undefined && (known.contract !== undefined || known.chain !== place.chain)) return undefined;
  return paid || undefined;
}

/** The tokens that a transaction names: its own, the fee's, those of its change. */
function tokensOf({ token_id: token, fee, raw_tx_info: raw }: TransactionV2): (string | undefined)[] {
  const changes = [raw?.utxo_change, ...(raw?.utxo_changes ?? [])];
  return [token, fee?.token_id, ...changes.map((change) => change?.token_id)];
}

/** Where the transaction takes from, as its source and the list of source addresses state it. */
function checkSources({ detail, extra }: KeySignV2, place: Place): void {
  const { transaction, source_addresses: declared = [] } = extra;
  if (declared.length === 0) return;
  const refuse = (what: string): never => {
    throw new Refusal("REQUEST_SCHEMA", `extra_info.source_addresses and ${what} contradict each other`);
  };
  const { source } = transaction;
  const mpc = source?.source_type === "Org-Controlled" || source?.source_type === "User-Controlled";
  const from = mpc ? addressAt(place, source.address) : undefined;
  if (from !== undefined && !declared.some(({ address }) => addressAt(place, address) === from)) {
    refuse("transaction.source.address");
  }
  const roots = declared.flatMap(({ root_pubkey: root }) => root || []);
  if (roots.length > 0 && !roots.includes(detail.root_pub_key)) refuse("request_detail.root_pub_key");
  // An address serves several chains of one family, so the chains themselves may differ.
  const families = declared.flatMap(({ chain_id: chain }) => familyOf(place.assets, chain) ?? []);
  if (place.family !== undefined && families.some((family) => family !== place.family)) {
    refuse("transaction.chain_id");
  }
}

function sourcesOf(extra: KeySignExtraV2, place: Place): Source[] {
  const { transaction, source_addresses: declared = [] } = extra;
  const known = declared.map((entry) =>
    present({ address: addressAt(place, entry.address), path: entry.path, public_key: entry.pubkey }),
  );
  const inputs = transaction.raw_tx_info?.selected_utxos ?? [];
  if (inputs.length > 0) {
    const byAddress = onlyOnes(known);
    return inputs.map((input, index) => {
      const address = addressAt(place, input.address);
      const where = `raw_tx_info.selected_utxos.${index}`;
      return stated(
        where,
        present({
          address,
          ...(address === undefined ? undefined : byAddress.get(address)),
          outpoint: outpointOf(input.tx_hash, input.vout_n),
          amount: amountAt(place, `${where}.value`, input.token_id || transaction.token_id, input.value),
        }),
      );
    });
  }
  if (known.length > 0) return known;
  const source = transaction.source;
  const address = source !== undefined && "address" in source ? addressAt(place, source.address) : undefined;
  return address === undefined ? [] : [{ address }];
}

/** The entries by address; of an address that stands twice nobody knows which is meant. */
function onlyOnes(entries: readonly Source[]): ReadonlyMap<string, Source> {
  const found = new Map<string, Source>();
  const twice = new Set<string>();
  for (const entry of entries) {
    if (entry.address === undefined) continue;
    if (found.has(entry.address)) twice.add(entry.address);
    found.set(entry.address, entry);
  }
  for (const address of twice) found.delete(address);
  return found;
}

/**
 * Change that goes to an address the transaction does not take from is a payment like any other: whoever calls
 * Cobo's API may name the change address, and there would go all that the inputs hold beyond the outputs. Where
 * the source addresses are stated they are what it takes from: an input may be anybody's.
 */
function strayChange(extra: KeySignExtraV2, sources: readonly Source[], place: Place): Destination[] {
  const { raw_tx_info: raw, destination, token_id: token } = extra.transaction;
  const stated = (extra.source_addresses ?? []).map(({ address }) => addressAt(place, address));
  const own = new Set(stated.length > 0 ? stated : sources.map(({ address }) => address));
  const declared = (raw?.utxo_changes ?? []).map((change, index) => ({
    change,
    where: `raw_tx_info.utxo_changes.${index}.value`,
  }));
  // Deprecated: the first of the list once more, or the only one.
  const single = raw?.utxo_change;
  if (
    single &&
    !declared.some(({ change }) => change.address === single.address && change.value === single.value)
  ) {
    declared.push({ change: single, where: "raw_tx_info.utxo_change.value" });
  }
  const paid = declared.map(({ change, where }) =>
    present({
      address: addressAt(place, change.address),
      amount: amountAt(place, where, change.token_id || token, change.value),
    }),
  );
  const wished =
    destination.destination_type === "Address" ? addressAt(place, destination.change_address) : undefined;
  if (wished !== undefined && !paid.some(({ address }) => address === wished)) paid.push({ address: wished });
  return paid.filter(({ address, amount }) =>
    address === undefined ? amount !== undefined && amount.text !== "0" : !own.has(address),
  );
}

function destinationsOf(transaction: TransactionV2, place: Place): Destination[] {
  const { destination, token_id: token } = transaction;
  switch (destination.destination_type) {
    case "Address":
      return addressDestinations(destination, token, place);
    case "CustodialWallet":
    case "ExchangeWallet":
      return [
        present({
          wallet_id: destination.wallet_id,
          amount: amountAt(place, "destination.amount", token, destination.amount),
        }),
      ];
    case "EVM_Contract":
    case "TRON_Contract": {
      const coin = coinOf(place, transaction.fee);
      return [
        present({
          address: addressAt(place, destination.address),
          amount: amountAt(place, "destination.value", coin, destination.value),
        }),
      ];
    }
    default:
      return [];
  }
}

function addressDestinations(
  {
    account_output: account,
    utxo_outputs: outputs = [],
  }: Extract<DestinationV2, { destination_type: "Address" }>,
  token: string | undefined,
  place: Place,
): Destination[] {
  if (account !== undefined && outputs.length > 0) {
    throw new Refusal(
      "REQUEST_SCHEMA",
      "extra_info.transaction.destination: has account_output and utxo_outputs; one of them is meant",
    );
  }
  if (account !== undefined) {
    return [
      present({
        address: addressAt(place, account.address),
        memo: account.memo,
        amount: amountAt(place, "destination.account_output.amount", token, account.amount),
      }),
    ];
  }
  return outputs.map((output, index) =>
    stated(
      `destination.utxo_outputs.${index}`,
      present({
        address: addressAt(place, output.address),
        amount: amountAt(place, `destination.utxo_outputs.${index}.amount`, token, output.amount),
      }),
    ),
  );
}

/** An output or an input of which nothing is known must not vanish from its list: the others would look like all. */
function stated<T extends object>(where: string, entry: T): T {
  if (Object.keys(entry).length > 0) return entry;
  throw new Refusal("REQUEST_SCHEMA", `extra_info.transaction.${where}: states nothing`);
}

/** Method and arguments are Cobo's reading of the bytes; they come with the evidence, not from its word. */
function contractOf(destination: DestinationV2, place: Place): Transaction["contract"] {
  if (destination.destination_type !== "EVM_Contract" && destination.destination_type !== "TRON_Contract") {
    return undefined;
  }
  const calldata = canonicalHex(
    destination.calldata ?? "",
    "extra_info.transaction.destination.calldata",
    "optional",
  );
  return present({
    address: addressAt(place, destination.address),
    selector: calldata.length >= 10 ? calldata.slice(0, 10) : undefined,
    calldata,
  });
}

/**
 * The text that is signed, as the request gives it and not decoded: base64 for EIP-191, JSON for EIP-712, hex
 * for the others.
 */
function messageOf(destination: DestinationV2): string | undefined {
  switch (destination.destination_type) {
    case "EVM_EIP_191_Signature":
      return destination.message;
    case "EVM_EIP_712_Signature":
      return (
        destination.raw_structured_data ||
        (destination.structured_data && stringifyJson(destination.structured_data))
      );
    case "BTC_BIP_137_Signature":
      return destination.message_bip137;
    case "BTC_BIP_322_Signature":
      return destination.message_bip322;
    case "COSMOS_ADR_36_Signature":
      return destination.message_cosmos_adr36;
    case "Raw_Message_Signature":
      return destination.msg_hash;
    default:
      return undefined;
  }
}

const NO_NONCE: readonly (ChainFamily | undefined)[] = ["bitcoin", "tron", "solana"];

/** An account's nonce; 0 is one. Chains with inputs have none, and TRON and Solana count otherwise. */
function nonceOf({ raw_tx_info: raw }: TransactionV2, place: Place): string | undefined {
  if (raw?.used_nonce === undefined || (raw.selected_utxos ?? []).length > 0) return undefined;
  return NO_NONCE.includes(place.family) ? undefined : raw.used_nonce.toString();
}

function replacesOf({ replacement }: TransactionV2): Transaction["replaces"] {
  const how = replacement?.replaced_type;
  return presentOrAbsent({
    id: replacement?.replaced_transaction_id,
    hash: replacement?.replaced_transaction_hash,
    how: how ? REPLACEMENTS[how] : undefined,
  });
}

function transactionOf(extra: KeySignExtraV2, place: Place): Transaction {
  const { transaction } = extra;
  const { destination } = transaction;
  const sources = sourcesOf(extra, place).filter((source) => Object.keys(source).length > 0);
  const destinations = [
    ...destinationsOf(transaction, place).filter((one) => Object.keys(one).length > 0),
    ...strayChange(extra, sources, place),
  ];
  const amounts = destinations.flatMap(({ amount }) => amount ?? []);
  return present({
    id: transaction.transaction_id,
    cobo_id: transaction.cobo_id,
    business_id: transaction.request_id,
    type: transaction.type,
    destination_type: destination.destination_type,
    chain: transaction.chain_id,
    token: transaction.token_id,
    sources,
    destinations,
    totals: amounts.length === destinations.length ? totalsOf(amounts) : undefined,
    fee: feeOf(transaction.fee, place.chain, place.assets),
    nonce: nonceOf(transaction, place),
    contract: contractOf(destination, place),
    message: messageOf(destination),
    replaces: replacesOf(transaction),
    fuels: presentOrAbsent({
      id: transaction.fueling_info?.main_transaction_id,
      request_id: transaction.fueling_info?.request_id,
      transaction_id: transaction.fueling_info?.transaction_id,
    }),
    sweep: transaction.cobo_category?.includes(SWEEP) ? true : undefined,
    internal: transaction.is_loop,
    description: transaction.description,
    created_at: transaction.created_timestamp || undefined,
  });
}

type SafeExtra = Extract<DestinationV2, { destination_type: "EVM_EIP_712_Signature" }>["safe_tx_extra_data"];

function safeWordsOf(extra: SafeExtra): SafeWords | undefined {
  return (
    extra && {
      domainHash: extra.domain_hash || undefined,
      messageHash: extra.message_hash || undefined,
      transactionHash: extra.safe_tx_hash || undefined,
      safe: extra.safe_address || undefined,
      to: extra.to || undefined,
      data: extra.data || undefined,
    }
  );
}

/** The bytes behind the words. A transaction that is signed already is no material: nobody asks to sign it. */
function materialOf({ destination, raw_tx_info: raw }: TransactionV2): Material {
  const unsigned = raw?.unsigned_raw_tx || undefined;
  switch (destination.destination_type) {
    case "EVM_EIP_191_Signature":
      return { type: "eip191", message: destination.message, unsigned };
    case "EVM_EIP_712_Signature":
      return {
        type: "eip712",
        structured: destination.structured_data && stringifyJson(destination.structured_data),
        rawStructured: destination.raw_structured_data || undefined,
        safe: safeWordsOf(destination.safe_tx_extra_data),
        unsigned,
      };
    case "BTC_BIP_137_Signature":
      return { type: "bip137", message: destination.message_bip137, unsigned };
    case "BTC_BIP_322_Signature":
      return { type: "bip322", message: destination.message_bip322, unsigned };
    case "COSMOS_ADR_36_Signature":
      return { type: "adr36", message: destination.message_cosmos_adr36, unsigned };
    case "Raw_Message_Signature":
      return { type: "raw_message", unsigned };
    default:
      return unsigned === undefined && raw?.raw_tx ? { type: "other" } : { type: "transaction", unsigned };
  }
}

/**
 * @throws Refusal `KIND_UNKNOWN`, and `REQUEST_SCHEMA` for amounts, hashes and calldata that are none, for a
 *   token on another chain than the release has it on, and for sources stated twice and differently.
 */
export function signingMembersV2(request: KeySignV2, assets: Assets): SigningParts {
  const { detail, extra } = request;
  const { transaction, signer_key_share_holder_group: group } = extra;
  const kind = kindOfV2(transaction.type, transaction.destination.destination_type);
  const chain = transaction.chain_id || undefined;
  const place: Place = { assets, chain, family: familyOf(assets, chain) };
  // What a fee or change is, in another chain's token, a rule would hold against that one's limits.
  for (const token of tokensOf(transaction)) checkChainOfToken(assets, token, chain);
  checkSources(request, place);
  const members = {
    kind,
    ...custodyOf(extra),
    ...present({
      initiator: presentOrAbsent({
        type: transaction.initiator_type || undefined,
        id: transaction.initiator,
        api_key: transaction.initiator_type === "API" ? transaction.initiator : undefined,
      }),
      key: present({
        group_id: detail.group_id,
        root_public_key: detail.root_pub_key,
        curve: curveIn(group, detail.root_pub_key),
        threshold: group?.threshold || undefined,
        participants: participantsIn(nodesOf(group), group),
        used: detail.used_node_ids,
        group: groupOf(group),
      }),
      signing: signingOf(detail, "required"),
      transaction: transactionOf(extra, place),
    }),
  };
  return { members, material: materialOf(transaction) };
}
