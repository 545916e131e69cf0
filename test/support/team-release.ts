/** The default rules with tables as a team would fill them in, and requests through the whole decision against them. */

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { normalize, participantsOf } from "../../src/channels/tss/normalize.ts";
import { parseCallback } from "../../src/channels/tss/wire.ts";
import { decide } from "../../src/decisions/decide.ts";
import { VerifiedRequest } from "../../src/decisions/request.ts";
import { see } from "../../src/evidence/evidence.ts";
import { nowMembers } from "../../src/input/clock.ts";
import { parsePrice, priceDocument } from "../../src/input/pricing.ts";
import { activate } from "../../src/policy/activate.ts";
import { knowledgeOf } from "../../src/policy/assets.ts";
import { buildRelease } from "../../src/policy/build/build.ts";
import type { LiveRelease } from "../../src/policy/live.ts";
import { proverOf } from "../../src/proof/prove.ts";
import { bytesOf, type Callback, put } from "../fixtures/callbacks/callbacks.ts";
import { withEarlier } from "./dry-run.ts";

/** US dollars for one of each token. */
const PRICES: Readonly<Record<string, string>> = {
  ETH: "3000",
  ETH_USDT: "1",
  ETH_USDC: "1",
  MNT: "1",
  ODD: "1",
  TRON_USDT: "1",
};

/** The tables of the demo, with room to pay in, and what `changes` puts at paths such as `spenders.ETH`. */
export async function teamRelease(changes: Readonly<Record<string, unknown>> = {}): Promise<LiveRelease> {
  const dir = await mkdtemp(join(tmpdir(), "team-release-"));
  try {
    await cp("policies", dir, { recursive: true });
    const data = parse(await readFile("bundles/demo/data.yaml", "utf8"));
    const room = {
      "limits.daily": { window: "24h", hold: "25000000000", deny: "50000000000" },
      "limits.fee.native.MNT": "50000000000000000000",
    };
    for (const [path, value] of Object.entries({ ...room, ...changes })) put(data, path, value);
    await writeFile(join(dir, "data.yaml"), stringify(data));
    const { bytes } = await buildRelease(dir);
    return await activate(bytes, {
      trust: "unsigned",
      source: "team",
      prover: proverOf(),
      evaluationMs: 5_000,
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * The codes of all reasons why a request is not approved, sorted; empty where it is.
 *
 * @param earlier - requests that were approved just before.
 */
export async function refusalsOf(
  callback: Callback,
  live: LiveRelease,
  ...earlier: readonly Callback[]
): Promise<readonly string[]> {
  const [request, before] = [requestOf(callback, live), earlier.map((each) => requestOf(each, live))];
  const asked = withEarlier(request, live, before);
  const { decision } = await decide(asked, { live, scope: {}, decisionMs: 60_000 });
  if (decision.outcome === "approved") return [];
  return decision.reasons.map(({ code }) => code).sort();
}

function requestOf(callback: Callback, live: LiveRelease): VerifiedRequest {
  const parsed = parseCallback(bytesOf(callback), "v2");
  if (parsed.type === "ping") throw new TypeError("a ping has no document");
  const knowledge = knowledgeOf(live.hostData);
  const now = nowMembers(1_756_953_990_112, "UTC");
  const { raw, ...normalized } = normalize(parsed, {
    source: "node-1",
    receivedAt: now.ms,
    now,
    ...knowledge,
  });
  const priced = priceDocument(see(normalized, knowledge), (token) => {
    const usd = PRICES[token];
    return usd === undefined ? undefined : parsePrice(usd);
  });
  return new VerifiedRequest({
    input: { document: { ...priced, lists: { sanctions: {} } }, raw },
    identity: parsed.identity,
    participants: participantsOf(parsed),
    startedAt: performance.now(),
    normalizeMs: 0,
  });
}
