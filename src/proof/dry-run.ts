/**
 * One request or push on the way that it takes in a server, up to where it is judged, without a server: with a clock,
 * prices, lists and a history of one's own. Nothing that is decided here is answered to anybody.
 */
import { hash } from "node:crypto";
import { confirmationIdentity, normalizeConfirmation, normalizePush } from "../channels/push/normalize.ts";
import { parsePush, UnreadablePush } from "../channels/push/wire.ts";
import { normalize, participantsOf } from "../channels/tss/normalize.ts";
import { parseCallback } from "../channels/tss/wire.ts";
import { VerifiedRequest } from "../decisions/request.ts";
import { see, type Unseen } from "../evidence/evidence.ts";
import { nowMembers } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
import { type Knowledge, knowledgeOf } from "../policy/assets.ts";
import type { LiveRelease } from "../policy/live.ts";
import { type CaseChannel, isTold } from "../policy/self-tests.ts";

/**
 * @property nowMs - the clock, milliseconds since the epoch. @property zone - where it hangs; absent: UTC.
 * @property source - the node or key that it comes from.
 * @property participant - the node's own id, where one is known.
 * @property complete - adds what a server would know: prices, lists, facts.
 * @property see - reads the bytes; absent: at once.
 */
export interface Circumstances {
  readonly nowMs: number;
  readonly zone?: string | undefined;
  readonly source?: string | undefined;
  readonly participant?: string | undefined;
  readonly complete: (document: Document) => Document;
  readonly see?: (unseen: Unseen, knowledge: Knowledge) => Document | Promise<Document>;
}

/**
 * @returns what `decide` judges, or, of a channel that tells, `judgeAsked`; undefined for a ping, which is answered
 *   without a policy.
 * @throws Refusal where nobody can read it, or where a confirmation asks for nothing.
 */
export async function dryRequest(
  body: Uint8Array,
  channel: CaseChannel,
  live: LiveRelease,
  circumstances: Circumstances,
): Promise<VerifiedRequest | undefined> {
  if (channel === "tss.v2" || channel === "tss.v1") {
    return await callback(body, channel === "tss.v2" ? "v2" : "v1", live, circumstances);
  }
  return reading(() =>
    isTold(channel) ? push(body, channel, live, circumstances) : confirmation(body, live, circumstances),
  );
}

function contextOf(live: LiveRelease, { nowMs, zone = "UTC", source = "eval" }: Circumstances) {
  return { source, receivedAt: nowMs, now: nowMembers(nowMs, zone), ...knowledgeOf(live.hostData) };
}

async function callback(
  body: Uint8Array,
  payload: "v1" | "v2",
  live: LiveRelease,
  circumstances: Circumstances,
): Promise<VerifiedRequest | undefined> {
  const startedAt = performance.now();
  const parsed = parseCallback(body, payload);
  if (parsed.type === "ping") return undefined;
  const normalized = normalize(parsed, contextOf(live, circumstances));
  const seen = await (circumstances.see ?? see)(normalized, knowledgeOf(live.hostData));
  const { complete, participant } = circumstances;
  return new VerifiedRequest({
    input: { document: complete(seen), raw: normalized.raw },
    identity: parsed.identity,
    participant,
    participants: participantsOf(parsed),
    startedAt,
    normalizeMs: performance.now() - startedAt,
  });
}

function push(
  body: Uint8Array,
  channel: "push.custodial" | "push.mpc",
  live: LiveRelease,
  circumstances: Circumstances,
): VerifiedRequest {
  const identity = hash("sha256", body, "hex");
  const parsed = parsePush(body, channel === "push.mpc" ? "mpc" : "custodial");
  const { document, raw } = normalizePush(parsed, { identity, ...contextOf(live, circumstances) });
  return requestOf({ document: circumstances.complete(document), raw }, identity);
}

function confirmation(body: Uint8Array, live: LiveRelease, circumstances: Circumstances): VerifiedRequest {
  const parsed = parsePush(body, "either");
  const identity = confirmationIdentity(parsed);
  const { document, raw } = normalizeConfirmation(parsed, { identity, ...contextOf(live, circumstances) });
  return requestOf({ document: circumstances.complete(document), raw }, identity);
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
