/** From a checked push message to the one document that rules see (design 3.4). */
import { hash } from "node:crypto";
import { transactionNamesOf } from "../../decisions/movements.ts";
import { totalsOf } from "../../input/amounts.ts";
import { canonicalJson } from "../../input/canonical-json.ts";
import type { Amount, Channel, Deposit, Document, InputDocument, Kind } from "../../input/document.ts";
import { GROUP_OF } from "../../input/document.ts";
import { extended } from "../../input/extended.ts";
import { Refusal } from "../../input/refusal.ts";
import type { TransactionNames } from "../../ledger/ledger.ts";
import { type Assets, familyOf, tokenOf } from "../../policy/assets.ts";
import type { ChainFamily } from "../../policy/release.ts";
import { present, presentOrAbsent } from "../absent.ts";
import { canonicalAddress, outpointOf } from "../canonical.ts";
import { assertCountable } from "../countable.ts";
import { findLeniently } from "./lenient.ts";
import { type Fee, type Nft, type ParsedPush, type Quantity, refuse } from "./told.ts";
import { UnreadablePush } from "./wire.ts";

type Transaction = NonNullable<Document["transaction"]>;

/**
 * What the message doesn't say itself.
 *
 * @property source - the key's name. @property receivedAt - milliseconds since the epoch.
 * @property identity - SHA-256 in hex: of the message's bytes, or {@link confirmationIdentity}.
 */
export interface PushContext extends Assets {
  readonly source: string;
  readonly receivedAt: number;
  readonly now: Document["now"];
  readonly identity: string;
}

/** @property names - of its transaction; no organization is known. */
export interface NormalizedPush extends InputDocument {
  readonly names: TransactionNames | undefined;
}

/** As many digits of the identity stand for an id where the message has none. */
const ID_DIGITS = 32;
/** And so many of what a confirmation's identity is over. */
const PAID_DIGITS = 16;

/**
 * The document of a deposit or withdrawal that was told, without facts, lists and prices.
 *
 * @throws UnreadablePush `REQUEST_SCHEMA`
 */
export function normalizePush(parsed: ParsedPush, context: PushContext): NormalizedPush {
  try {
    // Each message of it would count as a deposit of its own, and nobody could ask for it.
    if (parsed.side === "deposit" && parsed.coboId === undefined) refuse("a deposit without Cobo's id");
    const place = placeOf(parsed, context);
    const members = { transaction: transactionOf(parsed, place), deposit: depositOf(parsed, place) };
    return documentOf(parsed.side, `push.${parsed.shape}`, parsed, context, members);
  } catch (error) {
    if (error instanceof Refusal) throw new UnreadablePush(error, findLeniently(Buffer.from(parsed.rawText)));
    throw error;
  }
}

/**
 * The document of a withdrawal that Cobo asks about. There are no bytes to be read yet, and no chain has seen it, so
 * that there is nothing but the transaction.
 *
 * @throws Refusal `KIND_UNKNOWN` for a message that tells of something, `REQUEST_SCHEMA` for one without a request id
 *   or with contradictions.
 */
export function normalizeConfirmation(parsed: ParsedPush, context: PushContext): NormalizedPush {
  if (parsed.side !== "withdrawal" || !parsed.awaitsApproval || parsed.txHash !== undefined) {
    throw new Refusal("KIND_UNKNOWN", "no withdrawal that waits for a confirmation");
  }
  if (parsed.requestId === undefined) refuse("request_id: missing");
  if (parsed.outputsUnread !== undefined) refuse(`${parsed.outputsUnread}: not understood`);
  return documentOf("withdrawal_confirmation", "confirm.waas1", parsed, context, {
    transaction: transactionOf(parsed, placeOf(parsed, context)),
    evidence: { status: "absent", key: "absent" },
  });
}

/**
 * SHA-256 in hex over canonical JSON of what will be paid, and of nothing that is only told about it: the same
 * withdrawal, asked about again, has the same, whatever its fee is estimated at by then.
 */
export function confirmationIdentity(parsed: ParsedPush): string {
  const { shape, coboId, requestId, coin, chain, nft, outputs, inputs, type } = parsed;
  const paid = {
    shape,
    coboId,
    requestId,
    coin: coin?.code,
    decimals: coin?.decimals,
    chain,
    nft,
    outputs,
    inputs,
  };
  return hash("sha256", canonicalJson({ kind: "withdrawal_confirmation", type, ...paid }), "hex");
}

/**
 * A request id is chosen by whoever asks Cobo, be it another customer of Cobo's, whose confirmations have as good a
 * signature: where that is all there is, what will be paid is part of the id, so that nobody can take ours away.
 */
function idOf(kind: Kind, parsed: ParsedPush, identity: string): string {
  const { coboId, requestId } = parsed;
  if (coboId !== undefined) return coboId;
  if (requestId === undefined) return identity.slice(0, ID_DIGITS);
  if (kind !== "withdrawal_confirmation") return requestId;
  return `${requestId}#${confirmationIdentity(parsed).slice(0, PAID_DIGITS)}`;
}

function documentOf(
  kind: Kind,
  channel: Channel,
  parsed: ParsedPush,
  { source, receivedAt, now, identity }: PushContext,
  members: Pick<Document, "transaction" | "deposit" | "evidence">,
): NormalizedPush {
  const { initiator, rawText } = parsed;
  assertCountable(members.transaction);
  const document: Document = {
    version: 1,
    kind,
    group: GROUP_OF[kind],
    channel,
    request: { id: idOf(kind, parsed, identity), source, received_at: receivedAt },
    now,
    ...(initiator === undefined ? {} : { initiator: { type: initiator } }),
    ...members,
  };
  return { document, raw: rawText, names: transactionNamesOf(document) };
}

/** Where a message's transaction is, as far as that is known. @property stated - the chain, by the message. */
interface Place {
  readonly assets: Assets;
  readonly stated: string | undefined;
  readonly chain: string | undefined;
  readonly family: ChainFamily | undefined;
}

function placeOf({ chain: stated, coin }: ParsedPush, assets: PushContext): Place {
  const chain = stated ?? tokenOf(assets, coin?.code)?.chain;
  return { assets, stated, chain, family: familyOf(assets, chain) };
}

function addressAt({ family }: Place, address: string | undefined): string | undefined {
  return address && canonicalAddress(address, family);
}

/**
 * `units` only where the release knows the token on that chain, and agrees with the message on its decimals: what
 * an integer is worth of which two readers disagree, nobody can say.
 *
 * @param stated - the token's chain by the message; absent where it doesn't say.
 */
function amountOf(
  assets: Assets,
  token: string,
  { text, units, decimals }: Quantity,
  stated: string | undefined,
): Amount {
  const known = tokenOf(assets, token);
  const isExact =
    known !== undefined &&
    units !== undefined &&
    known.decimals === decimals &&
    (stated === undefined || stated === known.chain);
  return isExact ? { token, units, decimals, text } : { token, text };
}

/** What moves: a single token's code, or its contract and number, as evidence names those. */
function tokenIn({ coin, nft }: ParsedPush, place: Place): string | undefined {
  return nft === undefined ? coin?.code : (nft.code ?? nameOf(nft, place));
}

function nameOf({ contract, tokenId }: Nft, place: Place): string | undefined {
  const address = addressAt(place, contract);
  return address && tokenId !== undefined ? `${address}/${tokenId}` : address;
}

function transactionOf(parsed: ParsedPush, place: Place): Transaction {
  const { assets, stated, chain } = place;
  const token = tokenIn(parsed, place);
  const quantity = (amount: Quantity | undefined): Amount | undefined =>
    amount === undefined || token === undefined ? undefined : amountOf(assets, token, amount, stated);
  const destinations = parsed.outputs
    .map(({ address, memo, amount }) =>
      present({ address: addressAt(place, address), memo, amount: quantity(amount) }),
    )
    .filter((destination) => Object.keys(destination).length > 0);
  const sources = sourcesOf(parsed, place, quantity);
  const amounts = destinations.flatMap(({ amount }) => amount ?? []);
  return present({
    cobo_id: parsed.coboId,
    business_id: parsed.requestId,
    type: parsed.type,
    chain,
    token,
    sources,
    destinations,
    totals: amounts.length === destinations.length ? totalsOf(amounts) : undefined,
    fee: parsed.maxFee && feeOf(assets, parsed.maxFee),
    nonce: parsed.nonce,
    replaces: parsed.replaces,
    internal: parsed.internal,
    description: parsed.remark,
    created_at: parsed.requestedAt || undefined,
  });
}

/** An address that two members spell in two ways is one source; an output is one of its own. */
function sourcesOf(
  { inputs }: ParsedPush,
  place: Place,
  quantity: (amount: Quantity | undefined) => Amount | undefined,
): NonNullable<Transaction["sources"]> {
  const seen = new Set<string>();
  return inputs.flatMap(({ address: stated, txHash, index, amount }) => {
    const address = addressAt(place, stated);
    const outpoint = outpointOf(txHash, index);
    const isRepeated = outpoint === undefined && address !== undefined && seen.has(address);
    if (address !== undefined) seen.add(address);
    const source = present({ address, outpoint, amount: quantity(amount) });
    return isRepeated || Object.keys(source).length === 0 ? [] : [source];
  });
}

function feeOf(
  assets: Assets,
  { token, chain, amount, gasLimit, rate }: Fee,
): NonNullable<Transaction["fee"]> {
  const stated = amount === undefined ? { token } : amountOf(assets, token, amount, chain);
  return extended(stated, present({ gas_limit: gasLimit, rate }));
}

function depositOf(parsed: ParsedPush, place: Place): Deposit {
  const { coin, nft, fee, serviceFee, block, txHash, index } = parsed;
  const addresses = new Set(parsed.inputs.map(({ address }) => addressAt(place, address)));
  return present({
    status: parsed.status,
    waiting_audit: parsed.waitingAudit,
    internal: parsed.internal,
    outpoint: txHash === undefined ? undefined : present({ hash: txHash, index }),
    block: presentOrAbsent({
      hash: block.hash,
      height: block.height || undefined,
      at: block.at || undefined,
    }),
    confirmations: parsed.confirmations,
    // A threshold of 0 is none: what nobody waits for is not reached.
    threshold: parsed.threshold || undefined,
    sources: [...addresses].flatMap((address) => (address === undefined ? [] : { address })),
    coin:
      coin &&
      present({
        code: coin.code,
        chain: coin.chain,
        name: coin.name,
        description: coin.description,
        decimals: coin.decimals,
        can_deposit: coin.canDeposit,
        can_withdraw: coin.canWithdraw,
        threshold: coin.threshold || undefined,
        dust_threshold: coin.dustThreshold,
      }),
    nft:
      nft &&
      presentOrAbsent({
        code: nft.code,
        token_id: nft.tokenId,
        contract: addressAt(place, nft.contract),
        amount: nft.amount,
      }),
    fee: fee && feeOf(place.assets, fee),
    service_fee: coin && serviceFee && amountOf(place.assets, coin.code, serviceFee, place.stated),
    failed_reason: parsed.failedReason,
    created_at: parsed.createdAt || undefined,
    updated_at: parsed.updatedAt || undefined,
  });
}
