/**
 * What the demo's policy may approve, written a second time and in another way: plain `JSON.parse`, the data of
 * `bundles/demo/data.yaml`, no code of the server's. It answers one direction only: what it calls unacceptable
 * must never be approved.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { BUNDLES } from "../support/installation.ts";

const dataSchema = z.object({
  allowlist: z.record(z.string(), z.record(z.string(), z.unknown())),
  key_groups: z.record(z.string(), z.object({ threshold: z.int(), nodes: z.array(z.string()) })),
  limits: z.object({ per_transaction: z.record(z.string(), z.string()) }),
  tokens: z.record(z.string(), z.object({ chain: z.string(), decimals: z.int() })),
  chains: z.record(z.string(), z.object({ family: z.string() })),
});

const data = dataSchema.parse(parse(readFileSync(join(BUNDLES, "demo/data.yaml"), "utf8")));

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
  /** Whole units of version 2, smallest units of version 1. */
  readonly amount: unknown;
}

function unitsOf(amount: unknown, decimals: number): bigint | undefined {
  if (typeof amount !== "string") return undefined;
  const [, whole, fraction = ""] = /^(0|[1-9]\d*)(?:\.(\d+))?$/.exec(amount) ?? [];
  const significant = fraction.replace(/0+$/, "");
  if (whole === undefined || significant.length > decimals) return undefined;
  return BigInt(whole + significant.padEnd(decimals, "0"));
}

/** All destinations listed on the chain, each amount exact, their sum within the cap. */
function paysWithin(payments: readonly Payment[], token: unknown, chain: unknown, whole: boolean): boolean {
  const known = own(data.tokens, token);
  const listed = own(data.allowlist, chain);
  const cap = own(data.limits.per_transaction, token);
  if (
    known === undefined ||
    known.chain !== chain ||
    listed === undefined ||
    cap === undefined ||
    payments.length === 0
  )
    return false;
  const evm = own(data.chains, chain)?.family === "evm";
  let sum = 0n;
  for (const { address, amount } of payments) {
    if (typeof address !== "string") return false;
    const canonical = evm && /^0x[0-9a-fA-F]{40}$/.test(address) ? address.toLowerCase() : address;
    const units = unitsOf(amount, whole ? known.decimals : 0);
    if (own(listed, canonical) === undefined || units === undefined) return false;
    sum += units;
  }
  return sum <= BigInt(cap);
}

/** Chains that the demo lists destinations on sign digests of 32 bytes. */
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

function transferV2(detail: Members, extra: Members): boolean {
  const transaction = members(extra["transaction"]);
  const destination = members(transaction["destination"]);
  if (transaction["type"] !== "Withdrawal" || destination["destination_type"] !== "Address") return false;
  if (typeof transaction["transaction_id"] !== "string" || transaction["transaction_id"] === "") return false;
  if (detail["biz_task_id"] !== transaction["transaction_id"]) return false;
  const account = isMembers(destination["account_output"]) ? [members(destination["account_output"])] : [];
  const outputs = Array.isArray(destination["utxo_outputs"]) ? destination["utxo_outputs"].map(members) : [];
  if (account.length > 0 && outputs.length > 0) return false;
  const payments = [...account, ...outputs].map(({ address, amount }) => ({ address, amount }));
  return signsDigests(detail) && paysWithin(payments, transaction["token_id"], transaction["chain_id"], true);
}

function transferV1(detail: Members, extra: Members): boolean {
  const { coin, to_address, amount, to_address_details, operation, transaction_type } = extra;
  if (operation !== 100 || transaction_type === 500 || transaction_type === 501) return false;
  const outputs = to_address_details ? held(to_address_details) : [];
  if (!Array.isArray(outputs)) return false;
  const named = to_address ? [{ address: to_address, amount: amount || members(outputs[0])["amount"] }] : [];
  const payments = outputs.map(members).map((one) => ({ address: one["to_address"], amount: one["amount"] }));
  return (
    signsDigests(detail) &&
    paysWithin(
      [...named.slice(0, payments.length > 0 ? 0 : 1), ...payments],
      coin,
      own(data.tokens, coin)?.chain,
      false,
    )
  );
}

function listedGroup(threshold: unknown, nodes: unknown, curve: unknown): boolean {
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

function mayBe(outer: Members, detail: Members, extra: Members, payload: "v1" | "v2"): boolean {
  const id = outer["request_id"];
  if (typeof id !== "string" || !/^[ -~]{1,128}$/.test(id)) return false;
  const tss = members(extra["tss_request"])["tss_request_id"];
  const sameTask =
    payload === "v1" || (typeof tss === "string" && tss !== "" && tss === detail["biz_task_id"]);
  switch (outer["request_type"]) {
    case 1:
      return sameTask && listedGroup(detail["threshold"], detail["node_ids"], detail["curve"]);
    case 2:
      return payload === "v2" ? transferV2(detail, extra) : transferV1(detail, extra);
    case 3:
      return sameTask && listedGroup(detail["new_threshold"], detail["new_node_ids"], detail["curve"]);
    default:
      return false;
  }
}

/**
 * Whether the text is a request that may be approved by the demo release at all: as it stands, and as a node
 * reads what it will sign.
 */
export function mayBeApproved(text: string, payload: "v1" | "v2"): boolean {
  const outer = members(held(text));
  const detail = members(held(outer["request_detail"]));
  if (!mayBe(outer, detail, members(held(outer["extra_info"])), payload)) return false;
  const read = asNodesRead(outer);
  const readDetail = asNodesRead(members(held(read["request_detail"])));
  return mayBe(read, readDetail, members(held(read["extra_info"])), payload);
}
