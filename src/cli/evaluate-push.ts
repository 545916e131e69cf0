/** One push message, or one withdrawal that Cobo asks about, from its body to what the server would find of it. */
import { hash } from "node:crypto";
import {
  confirmationIdentity,
  type NormalizedPush,
  normalizeConfirmation,
  normalizePush,
} from "../channels/push/normalize.ts";
import { parsePush, UnreadablePush } from "../channels/push/wire.ts";
import { pushId } from "../decisions/decision-id.ts";
import { judgeAsked } from "../decisions/push-judge.ts";
import { VerifiedRequest } from "../decisions/request.ts";
import { nowMembers } from "../input/clock.ts";
import type { Channel, Document, Kind } from "../input/document.ts";
import type { PushOutcome } from "../ledger/rows.ts";
import { knowledgeOf } from "../policy/assets.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { ReleaseIdentity } from "../policy/release.ts";
import type { Reason } from "../policy/verdict.ts";

/** What the rules find of a push; what only the ledger knows of it (its story, what was approved) is not looked at. */
export interface EvaluatedPush {
  readonly id: string;
  readonly at: number;
  readonly channel: Channel;
  readonly kind: Kind;
  readonly outcome: PushOutcome;
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
  readonly release: ReleaseIdentity;
}

/** @throws Refusal where nobody can read it. */
export function pushOf(
  body: Uint8Array,
  channel: "push.custodial" | "push.mpc",
  live: LiveRelease,
  nowMs: number,
): NormalizedPush {
  return reading(() => {
    const parsed = parsePush(body, channel === "push.mpc" ? "mpc" : "custodial");
    return normalizePush(parsed, { identity: hash("sha256", body, "hex"), ...contextOf(live, nowMs) });
  });
}

/** @throws Refusal where nobody can read it, or where it asks for nothing. */
export function confirmationOf(
  body: Uint8Array,
  live: LiveRelease,
  nowMs: number,
  complete: (document: Document) => Document,
): VerifiedRequest {
  return reading(() => {
    const parsed = parsePush(body, "either");
    const identity = confirmationIdentity(parsed);
    const { document, raw } = normalizeConfirmation(parsed, { identity, ...contextOf(live, nowMs) });
    return requestOf({ document: complete(document), raw }, identity);
  });
}

/** @param complete - adds what a server would know. @param limitMs - how long the rules may take. */
export async function evaluatePush(
  { document, raw }: NormalizedPush,
  live: LiveRelease,
  complete: (document: Document) => Document,
  limitMs: number,
): Promise<EvaluatedPush> {
  const request = requestOf({ document: complete(document), raw }, "");
  const { outcome, reasons, alerts } = await judgeAsked(request, { live, refusedStep: undefined }, limitMs);
  const { channel, kind, now } = document;
  return { id: pushId(), at: now.ms, channel, kind, outcome, reasons, alerts, release: live.identity };
}

function contextOf(live: LiveRelease, nowMs: number) {
  const now = nowMembers(nowMs, "UTC");
  return { source: "eval", receivedAt: nowMs, now, ...knowledgeOf(live.hostData) };
}

function requestOf(input: VerifiedRequest["input"], identity: string): VerifiedRequest {
  const startedAt = performance.now();
  return new VerifiedRequest({ input, identity, participants: [], startedAt, normalizeMs: 0 });
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof UnreadablePush ? error.refusal : error;
  }
}
