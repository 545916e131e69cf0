/** The documents that no release may approve (design 3.10). */
import { randomBytes } from "node:crypto";
import { type Document, documentSchema, type FlagsAnswer, type InputDocument } from "../input/document.ts";
import type { FactQuery } from "./fact-queries.ts";
import type { HostData } from "./release.ts";
import { listsOf, type RuleIndex } from "./rule-index.ts";

/** What a release looks at besides the request: history and lists. */
interface Asks {
  readonly queries: readonly FactQuery[];
  readonly index: RuleIndex;
}

/**
 * A `transaction_signing` of one unit to an address that nobody has ever listed, without evidence. All else is
 * as complete and harmless as can be, in a token of the release where it has one, so that a rule which only
 * looks for what is absent or too large finds nothing: every list that the release reads is loaded and has none
 * of the addresses, and whatever it asks of history, nothing ever happened.
 *
 * @param nowMs - milliseconds since the epoch.
 * @param asks - absent: there is neither history nor a list.
 */
export function guardCase(hostData: HostData, nowMs: number, asks?: Asks): InputDocument {
  const bare = bareCase(hostData, nowMs);
  if (asks === undefined) return { document: bare, raw: "{}" };
  const facts = factsOf(bare, asks.queries);
  const document = documentSchema.parse({
    ...bare,
    lists: Object.fromEntries(listsOf(asks.index).map((name) => [name, {}])),
    ...(Object.keys(facts).length === 0 ? {} : { facts }),
  });
  return { document, raw: "{}" };
}

/**
 * The same asked by Cobo before there are bytes, as it asks: of no wallet, by no co-signer.
 *
 * @param signing - from {@link guardCase}.
 */
export function confirmationCase({ document: signing, raw }: InputDocument): InputDocument {
  const { task, organization, project, vault, wallet, signing: hashes, transaction, ...rest } = signing;
  const document = documentSchema.parse({
    ...rest,
    kind: "withdrawal_confirmation",
    channel: "confirm.waas1",
    transaction: { ...transaction, cobo_id: "guard", business_id: "guard" },
  });
  return { document, raw };
}

type Nothing = string | FlagsAnswer;
type Facts = Record<string, Record<string, Nothing | Record<string, Nothing>>>;

/** Nothing was counted, summed or flagged, what is asked for by its first time begins now. */
function factsOf({ group, now, transaction }: Document, queries: readonly FactQuery[]): Facts {
  const facts: Facts = {};
  for (const query of queries) {
    if (query.group !== group || query.kind === "movement") continue;
    const nothing = nothingOf(query, now.ms);
    const { by } = query.shape;
    const values = by.includes("transaction.totals[].token")
      ? Object.keys(transaction?.totals ?? {})
      : by.includes("transaction.destinations[].address")
        ? transaction?.destinations?.map((destination) => destination.address)
        : by.includes("transaction.sources[].address")
          ? transaction?.sources?.map((source) => source.address)
          : transaction?.sources?.map((source) => source.outpoint);
    const each = (values ?? []).flatMap((value) => (value === undefined ? [] : [[value, nothing] as const]));
    const many = by.some((member) => member.includes("[]"));
    if (many && each.length === 0) continue;
    facts[query.rule] = { ...facts[query.rule], [query.name]: many ? Object.fromEntries(each) : nothing };
  }
  return facts;
}

function nothingOf({ kind }: FactQuery, nowMs: number): Nothing {
  if (kind === "flags") return { known: false, open: [] };
  return kind === "first" ? String(nowMs) : "0";
}

function bareCase(hostData: HostData, nowMs: number): Document {
  const [token, known] = Object.entries(hostData.tokens ?? {})[0] ?? ["ETH", { chain: "ETH", decimals: 18 }];
  const amount = {
    token,
    units: "1",
    decimals: known.decimals,
    text: wholeUnits(known.decimals),
    usd_micros: "1",
  };
  const hash = `0x${randomBytes(32).toString("hex")}`;
  const now = new Date(nowMs).toISOString();
  const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
  const date = new Date(nowMs);
  return documentSchema.parse({
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id: "guard", source: "guard", received_at: nowMs },
    task: { id: "guard" },
    now: {
      ms: nowMs,
      date: now.slice(0, 10),
      time: now.slice(11, 19),
      weekday: weekdays[date.getUTCDay()],
      hour: date.getUTCHours(),
      minute: date.getUTCHours() * 60 + date.getUTCMinutes(),
      zone: "UTC",
    },
    organization: { id: "guard" },
    project: { id: "guard", organization_id: "guard" },
    vault: { id: "guard", project_id: "guard" },
    wallet: { id: "guard", organization_id: "guard", project_id: "guard", vault_id: "guard" },
    initiator: { type: "Web", id: "guard" },
    signing: { hashes: [hash], paths: ["m/44/60/0/0/0"], algorithm: "ecdsa" },
    transaction: {
      id: "guard",
      type: "Withdrawal",
      destination_type: "Address",
      chain: known.chain,
      token,
      sources: [{ address: address(), path: "m/44/60/0/0/0" }],
      destinations: [{ address: address(), amount }],
      totals: { [token]: amount },
      total_usd_micros: "1",
      fee: amount,
      nonce: "0",
      internal: false,
      created_at: nowMs,
    },
    evidence: { status: "absent", key: "absent" },
    lists: {},
  });
}

function address(): string {
  return `0x${randomBytes(20).toString("hex")}`;
}

/** One smallest unit, spelled in whole ones. */
function wholeUnits(decimals: number): string {
  return decimals === 0 ? "1" : `0.${"0".repeat(decimals - 1)}1`;
}
