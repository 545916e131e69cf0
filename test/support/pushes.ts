/** For the tests: push messages as a channel hands them over, once their signature held. */
import { createHash } from "node:crypto";
import type { Push, ReadPush, UnreadPush } from "../../src/decisions/push-message.ts";
import { nowMembers } from "../../src/input/clock.ts";
import type { Amount, Deposit, Document, PushStatus } from "../../src/input/document.ts";
import type { FlagMark } from "../../src/ledger/ledger.ts";
import { encodeSignedMessage } from "../../src/ledger/signed-message.ts";

export const PUSHED_AT = 1_790_000_000_000;

interface Parts {
  /** Cobo's id. */
  readonly id?: string;
  /** The business's own. */
  readonly requestId?: string;
  readonly at?: number;
  readonly status?: PushStatus;
  readonly updatedAt?: number;
  readonly channel?: "push.custodial" | "push.mpc";
  readonly from?: readonly string[];
  readonly to?: readonly { readonly address: string; readonly amount: Amount; readonly memo?: string }[];
  readonly hash?: string | undefined;
  readonly transaction?: Partial<NonNullable<Document["transaction"]>>;
  readonly deposit?: Partial<Deposit>;
  /** Makes the bytes other ones. */
  readonly salt?: string;
}

/** One ETH, or so many. */
export function eth(whole: number, token = "ETH"): Amount {
  return {
    token,
    units: (BigInt(whole) * 10n ** 18n).toString(),
    decimals: 18,
    text: String(whole),
    usd_micros: (BigInt(whole) * 3_000_000_000n).toString(),
  };
}

let made = 0;

function pushOf(kind: "deposit" | "withdrawal", parts: Parts): ReadPush {
  made += 1;
  const { id = `20240117111135000139405${made}`, requestId, at = PUSHED_AT, channel = "push.mpc" } = parts;
  const { status = "success", updatedAt, from = ["0xfrom"], salt = "" } = parts;
  const { to = [{ address: "0xto", amount: eth(1) }] } = parts;
  const hash = "hash" in parts ? parts.hash : `0x${made.toString(16).padStart(64, "0")}`;
  const sources = from.map((address) => ({ address }));
  const [first] = to;
  const document: Document = {
    version: 1,
    kind,
    group: kind,
    channel,
    request: { id, source: "cobo", received_at: at },
    now: nowMembers(at, "UTC"),
    transaction: {
      cobo_id: id,
      ...(requestId === undefined ? {} : { business_id: requestId }),
      type: kind === "deposit" ? "Deposit" : "Withdrawal",
      chain: "ETH",
      token: "ETH",
      sources,
      destinations: [...to],
      ...(to.length === 1 && first !== undefined ? { totals: { [first.amount.token]: first.amount } } : {}),
      created_at: at,
      ...parts.transaction,
    },
    deposit: {
      status,
      sources,
      ...(hash === undefined ? {} : { outpoint: { hash, index: 0 } }),
      created_at: at,
      ...(updatedAt === undefined ? {} : { updated_at: updatedAt }),
      ...parts.deposit,
    },
  };
  const { request: _request, now: _now, ...said } = document;
  const raw = JSON.stringify({ ...said, salt });
  return {
    readable: true,
    input: { document, raw },
    names: {
      organization: "",
      names: [`cobo:${id}`, ...(requestId === undefined ? [] : [`request:${requestId}`])],
    },
    ...received(channel, raw),
  };
}

export function depositPush(parts: Parts = {}): ReadPush {
  return pushOf("deposit", parts);
}

export function withdrawalPush(parts: Parts = {}): ReadPush {
  return pushOf("withdrawal", parts);
}

export function unreadPush(
  parts: { readonly id?: string; readonly marks?: readonly FlagMark[]; readonly salt?: string } = {},
): UnreadPush {
  const { id, marks = [], salt = "" } = parts;
  return {
    readable: false,
    now: nowMembers(PUSHED_AT, "UTC"),
    problem: "its amount is no number",
    names: id === undefined ? undefined : { organization: "", names: [`cobo:${id}`] },
    marks,
    ...received("push.custodial", `{"amount":"one","salt":"${salt}"}`),
  };
}

function received(channel: Push["channel"], raw: string) {
  const body = Buffer.from(raw);
  return {
    channel,
    source: "cobo",
    identity: createHash("sha256").update(body).digest("hex"),
    envelope: encodeSignedMessage({ timestamp: "1", signature: "00", key: "cobo", body }),
    startedAt: performance.now(),
  };
}
