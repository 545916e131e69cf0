/**
 * The whole path of one callback inside this process: wire, document, prices, an empty history, invariants, the
 * demo release's wasm.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { normalize, participantsOf } from "../../src/channels/tss/normalize.ts";
import { parseCallback } from "../../src/channels/tss/wire.ts";
import { decide } from "../../src/decisions/decide.ts";
import { VerifiedRequest } from "../../src/decisions/request.ts";
import { see } from "../../src/evidence/evidence.ts";
import { nowMembers } from "../../src/input/clock.ts";
import { Refusal } from "../../src/input/refusal.ts";
import { activate } from "../../src/policy/activate.ts";
import { knowledgeOf } from "../../src/policy/assets.ts";
import type { LiveRelease } from "../../src/policy/live.ts";
import { proverOf } from "../../src/proof/prove.ts";
import { enriched, withEmptyHistory } from "../support/dry-run.ts";
import { BUNDLES } from "../support/installation.ts";

/** `code` is that of the first reason, `approved`, or `PING`. */
export interface Judged {
  readonly approved: boolean;
  readonly code: string;
}

export function demoRelease(): Promise<LiveRelease> {
  const bytes = new Uint8Array(readFileSync(join(BUNDLES, "demo.tar.gz")));
  return activate(bytes, { trust: "unsigned", source: "demo", prover: proverOf(), evaluationMs: 5_000 });
}

/** @throws whatever is no refusal: that would be a fault of the server's. */
export async function judge(text: string, payload: "v1" | "v2", live: LiveRelease): Promise<Judged> {
  const startedAt = performance.now();
  const receivedAt = Date.now();
  try {
    const task = parseCallback(new TextEncoder().encode(text), payload);
    if (task.type === "ping") return { approved: false, code: "PING" };
    const knowledge = knowledgeOf(live.hostData);
    const now = nowMembers(receivedAt, "UTC");
    const normalized = normalize(task, { source: "node-1", receivedAt, now, ...knowledge });
    const { raw } = normalized;
    const document = see(normalized, knowledge);
    const request = new VerifiedRequest({
      input: { document: enriched(document), raw },
      identity: task.identity,
      participants: participantsOf(task),
      startedAt,
      normalizeMs: 0,
    });
    const asked = withEmptyHistory(request, live);
    const { decision, approval } = await decide(asked, { live, scope: {}, decisionMs: 60_000 });
    return { approved: approval !== undefined, code: decision.reasons[0]?.code ?? decision.outcome };
  } catch (error) {
    if (error instanceof Refusal) return { approved: false, code: error.code };
    throw error;
  }
}
