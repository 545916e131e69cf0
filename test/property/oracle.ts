/**
 * What the policy may approve, written a second time and in another way: plain `JSON.parse`, the data of a
 * release, no code of the server's. It answers one direction only: what it calls unacceptable must never be
 * approved.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { BUNDLES, PRICES, TEST_DATA } from "../support/installation.ts";
import { addressOfKey, bytesPay } from "./oracle-bytes.ts";

const text = z.string();
const dataSchema = z.object({
  allowlist: z.record(text, z.record(text, z.object({ added_at: text }))),
  key_groups: z.record(text, z.object({ threshold: z.int(), nodes: z.array(text) })),
  limits: z.object({
    per_transaction: z.record(text, text),
    daily: z.object({ hold: text, deny: text }),
    token: z.object({ units: z.record(text, text) }),
    payments: z.object({ count: text }),
    new_destination: z.object({ usd_micros: text }),
    cooling_off: z.literal("24h"),
  }),
  modes: z.strictObject({
    "transfer/repeated_payment": z.literal("warn"),
    "deposit/address_ours": z.literal("off").optional(),
    "deposit/internal": z.literal("off").optional(),
  }),
  tokens: z.record(text, z.object({ chain: text, decimals: z.int(), contract: text.optional() })),
  chains: z.record(text, z.object({ family: text, id: z.int().optional() })),
});

/**
 * What a request is judged by.
 *
 * @property history - `none`: nothing was ever paid; `any`: whoever is paid may have been paid before.
 */
export interface Grounds {
  readonly data: z.infer<typeof dataSchema>;
  readonly history: "none" | "any";
}

const COOLING_OFF_MS = 86_400_000;

const dataOf = (file: string) => dataSchema.parse(parse(readFileSync(file, "utf8")));

/** The demo release, and the first request that it is ever asked. */
export const DEMO_AT_FIRST: Grounds = { data: dataOf(join(BUNDLES, "demo/data.yaml")), history: "none" };

/** A server of the tests, whatever it has approved before. */
export function servedGrounds(): Grounds {
  return { data: dataOf(TEST_DATA), history: "any" };
}

type Members = Record<string, unknown>;

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function members(value: unknown): Members {
  return isMembers(value) ? value : {};
}

function held(value: unknown): unknown {
  try {
    return typeof value === "string" ? JSON.parse(value) : undefined;
  } catch {
    return undefined;
  }
}

const own = <T>(table: Readonly<Record<string, T>>, key: unknown): T | undefined =>
  typeof key === "string" && Object.hasOwn(table, key) ? table[key] : undefined;

interface Payment {
  readonly address: unknown;
  /** In whole units. */
  readonly amount: unknown;
}

function unitsOf(amount: unknown, decimals: number): bigint | undefined {
  if (typeof amount !== "string") return undefined;
  const [, whole, fraction = ""] = /^(0|[1-9]\d*)(?:\.(\d+))?$/.exec(amount) ?? [];
  const significant = fraction.replace(/0+$/, "");
  if (whole === undefined || significant.length > decimals) return undefined;
  return BigInt(whole + significant.padEnd(decimals, "0"));
}

/** What units are worth, in millionths of a dollar, rounded up; undefined where the token has no price. */
function worth(units: bigint, token: unknown, decimals: number): bigint | undefined {
  const price = own(PRICES, token);
  if (price === undefined) return undefined;
  const unit = 10n ** BigInt(decimals);
  return (units * BigInt(price) * 1_000_000n + unit - 1n) / unit;
}

/** What the transaction pays, alone and with nothing before it, is within every limit. */
function isWithinLimits(
  { data: { limits }, history }: Grounds,
  token: unknown,
  { units, dollars, payments }: { units: bigint; dollars: bigint | undefined; payments: number },
): boolean {
  const cap = own(limits.per_transaction, token);
  const daily = own(limits.token.units, token);
  if (cap === undefined || daily === undefined || dollars === undefined) return false;
  return (
    units <= BigInt(cap) &&
    units <= BigInt(daily) &&
    dollars <= BigInt(limits.daily.hold) &&
    dollars <= BigInt(limits.daily.deny) &&
    BigInt(payments) <= BigInt(limits.payments.count) &&
    // Whom nobody ever paid is new.
    (history === "any" || dollars <= BigInt(limits.new_destination.usd_micros))
  );
}

/** All destinations listed on the chain and for long enough, each amount exact, their sum within the limits. */
function paysWithin(grounds: Grounds, payments: readonly Payment[], token: unknown, chain: unknown): boolean {
  const { data } = grounds;
  const known = own(data.tokens, token);
  const listed = own(data.allowlist, chain);
  if (known === undefined || known.chain !== chain || listed === undefined || payments.length === 0) {
    return false;
  }
  const evm = own(data.chains, chain)?.family === "evm";
  let sum = 0n;
  for (const { address, amount } of payments) {
    if (typeof address !== "string") return false;
    const canonical = evm && /^0x[0-9a-fA-F]{40}$/.test(address) ? address.toLowerCase() : address;
    const units = unitsOf(amount, known.decimals);
    const entry = own(listed, canonical);
    if (entry === undefined || units === undefined) return false;
    if (Date.now() - Number(entry.added_at) < COOLING_OFF_MS) return false;
    sum += units;
  }
  const dollars = worth(sum, token, known.decimals);
  return isWithinLimits(grounds, token, { units: sum, dollars, payments: payments.length });
}

/** Chains that the data lists destinations on sign digests of 32 bytes. */
function signsDigests(detail: Members): boolean {
  const { bip32_path_list: paths, msg_hash_list: hashes, tweak_list: tweaks } = detail;
  if (!Array.isArray(hashes) || !Array.isArray(paths)) return false;
  const tweaked =
    tweaks === undefined ||
    tweaks === null ||
    (Array.isArray(tweaks) && [0, hashes.length].includes(tweaks.length));
  const digests = hashes.every((hash) => typeof hash === "string" && /^(0x)?[0-9a-fA-F]{64}$/.test(hash));
  return hashes.length > 0 && paths.length === hashes.length && tweaked && digests;
}

/**
 * Limits are those of a wallet, and version 1 of the payload names none: no transfer of it may be approved.
 */
function transfer(detail: Members, extra: Members, grounds: Grounds): boolean {
  const wallet = members(extra["wallet"])["wallet_id"];
  if (typeof wallet !== "string" || wallet === "") return false;
  const transaction = members(extra["transaction"]);
  const destination = members(transaction["destination"]);
  if (transaction["type"] !== "Withdrawal" || destination["destination_type"] !== "Address") return false;
  if (typeof transaction["transaction_id"] !== "string" || transaction["transaction_id"] === "") return false;
  if (detail["biz_task_id"] !== transaction["transaction_id"]) return false;
  const account = isMembers(destination["account_output"]) ? [members(destination["account_output"])] : [];
  const outputs = Array.isArray(destination["utxo_outputs"]) ? destination["utxo_outputs"].map(members) : [];
  if (account.length > 0 && outputs.length > 0) return false;
  const payments = [...account, ...outputs].map(({ address, amount }) => ({ address, amount }));
  return (
    signsDigests(detail) &&
    paysWithin(grounds, payments, transaction["token_id"], transaction["chain_id"]) &&
    isSeen(detail, transaction, payments, grounds)
  );
}

/** One payment on a chain whose bytes are read, and the bytes make it, from the address of the key. */
function isSeen(
  detail: Members,
  transaction: Members,
  [payment, ...more]: readonly Payment[],
  { data }: Grounds,
): boolean {
  const token = own(data.tokens, transaction["token_id"]);
  const chain = own(data.chains, transaction["chain_id"]);
  const units = token === undefined ? undefined : unitsOf(payment?.amount, token.decimals);
  if (token === undefined || units === undefined || chain?.id === undefined || more.length > 0) return false;
  if (typeof payment?.address !== "string") return false;
  const { bip32_path_list: paths, msg_hash_list: hashes, root_pub_key: root } = detail;
  if (!Array.isArray(paths) || !Array.isArray(hashes) || hashes.length !== 1) return false;
  const from = addressOfKey(root, paths[0]);
  const source = members(transaction["source"])["address"];
  if (from === undefined || (typeof source === "string" && source !== "" && source.toLowerCase() !== from))
    return false;
  return bytesPay(members(transaction["raw_tx_info"])["unsigned_raw_tx"], hashes[0], {
    chainId: chain.id,
    contract: token.contract?.toLowerCase(),
    address: payment.address.toLowerCase(),
    units,
  });
}

/** The one message that the demo's data lets be signed: this typed data, on its chain, by the key of its address. */
function isDemoMessage(detail: Members, extra: Members): boolean {
  const transaction = members(extra["transaction"]);
  const {
    structured_data: stated,
    raw_structured_data: raw,
    destination_type: type,
  } = members(transaction["destination"]);
  const data = stated ?? held(raw);
  const { bip32_path_list: paths, msg_hash_list: hashes, root_pub_key: root } = detail;
  if (type !== "EVM_EIP_712_Signature" || transaction["type"] !== "MessageSign") return false;
  if (transaction["chain_id"] !== "MNT" || detail["biz_task_id"] !== transaction["transaction_id"])
    return false;
  if (!Array.isArray(hashes) || hashes.length !== 1 || !Array.isArray(paths)) return false;
  if (typeof hashes[0] !== "string" || hashes[0].toLowerCase() !== DEMO_MESSAGE.hash) return false;
  const from = addressOfKey(root, paths[0]);
  const listed = Array.isArray(extra["source_addresses"]) ? extra["source_addresses"].map(members) : [];
  const sources = [members(transaction["source"]), ...listed].flatMap(({ address }) => address ?? []);
  const isOwn = sources.length > 0 && sources.every((source) => String(source).toLowerCase() === from);
  return isOwn && inOrder(data) === DEMO_MESSAGE.data;
}

/** As JSON whose members are in the order of their names. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    isMembers(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each,
  );
}

const DEMO_MESSAGE = demoMessage();

function demoMessage(): { readonly data: string; readonly hash: unknown } {
  const callback = members(
    held(readFileSync(join(BUNDLES, "demo/requests/message-signing-safe.json"), "utf8")),
  );
  const { msg_hash_list: hashes } = members(held(callback["request_detail"]));
  const transaction = members(members(held(callback["extra_info"]))["transaction"]);
  const data = inOrder(members(transaction["destination"])["structured_data"]);
  return { data, hash: Array.isArray(hashes) ? hashes[0] : undefined };
}

function listedGroup({ data }: Grounds, threshold: unknown, nodes: unknown, curve: unknown): boolean {
  if (!Array.isArray(nodes) || (curve !== 0 && curve !== 2)) return false;
  return Object.values(data.key_groups).some(
    (group) => group.threshold === threshold && [...group.nodes].sort().join() === [...nodes].sort().join(),
  );
}

/** As the nodes' reader, Go's, takes members: whatever the case of their names, and the last of several. */
function asNodesRead(value: Members): Members {
  const entries = Object.entries(value).map(([key, member]) => [key.toUpperCase().toLowerCase(), member]);
  return Object.fromEntries(entries);
}

/** A request as some reader takes it. */
interface Reading {
  readonly outer: Members;
  readonly detail: Members;
  readonly extra: Members;
}

function mayBe({ outer, detail, extra }: Reading, payload: "v1" | "v2", grounds: Grounds): boolean {
  const id = outer["request_id"];
  if (typeof id !== "string" || !/^[ -~]{1,128}$/.test(id)) return false;
  const tss = members(extra["tss_request"])["tss_request_id"];
  const sameTask =
    payload === "v1" || (typeof tss === "string" && tss !== "" && tss === detail["biz_task_id"]);
  switch (outer["request_type"]) {
    case 1:
      return sameTask && listedGroup(grounds, detail["threshold"], detail["node_ids"], detail["curve"]);
    case 2:
      return payload === "v2" && (transfer(detail, extra, grounds) || isDemoMessage(detail, extra));
    case 3:
      return (
        sameTask && listedGroup(grounds, detail["new_threshold"], detail["new_node_ids"], detail["curve"])
      );
    default:
      return false;
  }
}

/**
 * Whether the text is a request that may be approved on these grounds at all: as it stands, and as a node reads
 * what it will sign.
 */
export function mayBeApproved(text: string, payload: "v1" | "v2", grounds: Grounds): boolean {
  const outer = members(held(text));
  const detail = members(held(outer["request_detail"]));
  const extra = members(held(outer["extra_info"]));
  if (!mayBe({ outer, detail, extra }, payload, grounds)) return false;
  const read = asNodesRead(outer);
  const readDetail = asNodesRead(members(held(read["request_detail"])));
  const readExtra = members(held(read["extra_info"]));
  return mayBe({ outer: read, detail: readDetail, extra: readExtra }, payload, grounds);
}
