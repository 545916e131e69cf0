/**
 * What an approval moves, as the ledger records it (design 3.8), and the names by which its transaction is known.
 *
 * A movement is an effect of the bytes that moves value. Where the bytes prove nothing, it is a declared destination
 * with its declared amount. The same bytes signed with the same keys are one movement, whoever asks and however
 * often: `signing` says which bytes.
 */
import { hash } from "node:crypto";
import { canonicalJson } from "../input/canonical-json.ts";
import type { Document } from "../input/document.ts";
import { hasProvenPayments, isProven, paymentsOf } from "../input/payments.ts";
import type { Movement, NewMovements, TransactionNames } from "../ledger/ledger.ts";

/**
 * The `units` and `usd_micros` of what has none: a key event, a message that states no amount, a call that is proven to
 * move nothing. All else that these state they are counted by, as what their own history is asked for.
 */
const NOTHING = { units: "0", usd_micros: "0" };

/**
 * @param identity - of the request: what a document without hashes to sign is known by.
 * @returns at least one row: what an approval did can be counted, whatever its kind.
 */
export function movementsOf(document: Document, identity: string): NewMovements {
  const slot = slotOf(document);
  const rows = rowsOf(document);
  return { signing: signingOf(document, identity), ...(slot === undefined ? {} : { slot }), rows };
}

/** The keys and the bytes. EVM hashes don't cover the sender, so that hashes alone would join two payments. */
function signingOf({ signing, key }: Document, identity: string): string {
  if (signing === undefined) return identity;
  const { hashes, paths, tweaks } = signing;
  return hash("sha256", canonicalJson({ key: key?.root_public_key, hashes, paths, tweaks }), "hex");
}

/**
 * What the transaction uses up, so that no other one with the same can settle: an account's nonce on its chain. The
 * account is the key that signs. Undefined where the bytes do not prove it: then nothing is known to be replaced.
 */
function slotOf({ kind, evidence, signing, key, transaction }: Document): string | undefined {
  if (evidence?.status !== "verified" || evidence.family !== "evm" || kind !== "transaction_signing")
    return undefined;
  const root = key?.root_public_key;
  const { chain, nonce } = transaction ?? {};
  const { hashes = [], paths: [path] = [], tweaks: [tweak] = [] } = signing ?? {};
  if (hashes.length !== 1 || root === undefined || chain === undefined || nonce === undefined)
    return undefined;
  return hash("sha256", canonicalJson({ chain, key: root, nonce, path, tweak }), "hex");
}

function rowsOf(document: Document): readonly Movement[] {
  const { transaction, kind } = document;
  const common = {
    organization: document.organization?.id,
    project: document.project?.id,
    vault: document.vault?.id,
    wallet: document.wallet?.id,
    initiator: document.initiator?.id,
    kind,
    direction: document.group === "deposit" ? "in" : "out",
  } as const;
  if (transaction === undefined || document.group === "key") {
    return [{ ...common, ...NOTHING, sources: [], outpoints: [] }];
  }
  const isSilent = !hasProvenPayments(document) && (document.group === "message" || isProven(document));
  const unsaid = isSilent ? NOTHING : {};

  const sources = transaction.sources ?? [];
  const declared = distinct(sources.map(({ address }) => address));
  // No literal here begins with a spread: see `extended.ts`.
  const transfer = {
    chain: transaction.chain,
    ...common,
    outpoints: distinct(sources.map(({ outpoint }) => outpoint)),
    nonce: transaction.nonce,
  };
  const payments = paymentsOf(document);
  if (payments.length === 0) {
    const { contract, token } = transaction;
    return [{ ...transfer, ...unsaid, sources: declared, token, destination: contract?.address }];
  }
  return payments.map(({ token, from, to, amount }) => ({
    token,
    destination: to,
    ...transfer,
    sources: from === undefined ? declared : [from],
    ...(amount === undefined ? unsaid : { units: amount.units, usd_micros: amount.usd_micros }),
  }));
}

/**
 * The ids are claims of the request: they say which transaction an approval belongs to, never that it was
 * counted already.
 *
 * A business's own id is sure within its organization. Without one it may be that of another customer of Cobo's, who
 * chose the same: there it names what has no id of Cobo's, and the push of a custodial wallet, which has one only after it
 * was confirmed without.
 *
 * @returns undefined where there is nothing to be known by.
 */
export function transactionNamesOf({
  transaction,
  organization,
  channel,
}: Document): TransactionNames | undefined {
  const isSure =
    organization !== undefined || transaction?.cobo_id === undefined || channel === "push.custodial";
  const names = [
    ...(transaction?.id === undefined ? [] : [`transaction:${transaction.id}`]),
    ...(transaction?.cobo_id === undefined ? [] : [`cobo:${transaction.cobo_id}`]),
    ...(transaction?.business_id === undefined || !isSure ? [] : [`request:${transaction.business_id}`]),
  ];
  return names.length === 0 ? undefined : { organization: organization?.id ?? "", names };
}

function distinct(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}
