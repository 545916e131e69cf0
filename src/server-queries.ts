/** Cobo is asked about what it pushed, and the pushes are judged again by what it says: over the parts of the server. */
import { setTimeout as sleep } from "node:timers/promises";
import { pushKeysOf } from "./channels/push/keys.ts";
import { PushQueries, QUERY_PACE, type QueryResult } from "./channels/push/push-queries.ts";
import { QueryClient } from "./channels/push/query-client.ts";
import { particularsOf } from "./channels/push/query-compare.ts";
import { QueryConnections } from "./channels/push/query-http.ts";
import type { QueryKey } from "./channels/push/query-key.ts";
import { readTransaction } from "./channels/push/query-read.ts";
import { judgementOf } from "./channels/push/query-result.ts";
import { answerTime } from "./channels/push/query-signature.ts";
import { unaskedPushes } from "./channels/push/unasked-pushes.ts";
import type { PushAgain } from "./decisions/push-again.ts";
import { Refusal } from "./input/refusal.ts";
import { LedgerError } from "./ledger/ledger.ts";
import { benchOf, type PushParts } from "./server-push.ts";

/** A list that can't be read is missing for all that is judged: nobody waits for it longer. */
const LISTS_WAIT_MS = 120_000;
const LISTS_POLL_MS = 250;

/**
 * Asks about each push that is taken from now on; about those of earlier processes once {@link askAgain} is called.
 *
 * @param key - of `push.query`.
 * @returns undefined where Cobo is not asked.
 */
export function pushQueries(
  parts: PushParts,
  again: PushAgain,
  key: QueryKey | undefined,
): PushQueries | undefined {
  const { config, telemetry, memory } = parts;
  const { log, metrics, alarms } = telemetry;
  if (config.push.query === undefined || key === undefined) return undefined;
  const url = new URL(config.push.query.base_url);
  const queries = new PushQueries({
    client: new QueryClient({
      baseUrl: url,
      key,
      connections: new QueryConnections(url.protocol === "https:"),
      verify: answerTime(pushKeysOf(config.push.keys)),
      now: Date.now,
    }),
    read: readTransaction,
    onResult: async (push, result) => {
      try {
        await again.judge(push, benchOf(parts), judgementOf(push, result));
      } catch (error) {
        // There is no such push any more, so that asking anew is no use.
        if (!(error instanceof Refusal && error.code === "INTERNAL")) throw error;
        log.exception("query", error);
      }
      metrics.queried(nameOf(result));
      log.queried(push, nameOf(result));
    },
    onFailing: (problem) => alarms.raise("QUERY_FAILED", `Cobo does not answer about pushes: ${problem}`),
    onError: (error) => {
      // These were told of where they happened, and end by themselves.
      if (!(error instanceof LedgerError || error instanceof Refusal)) log.exception("query", error);
    },
  });
  telemetry.queries.waiting = () => queries.size;
  memory.followPushes(({ id, repeated, late }, push) => {
    if (repeated || late || !push.readable) return;
    const particulars = particularsOf(push.input.document);
    if (particulars === undefined) return;
    queries.ask({ id, at: Date.now(), channel: push.channel, particulars });
  });
  return queries;
}

/** After a start: about what the last process left open, once its rules can look into all lists. */
export function askAgain(queries: PushQueries, { memory, feeds }: PushParts): void {
  queries.restore(async function* (signal) {
    for (let waited = 0; waited < LISTS_WAIT_MS && !feeds.areListsRead(); waited += LISTS_POLL_MS) {
      await sleep(LISTS_POLL_MS, undefined, { signal, ref: false });
    }
    yield* unaskedPushes(memory.ledger, Date.now() - QUERY_PACE.giveUpMs);
  });
}

function nameOf(result: QueryResult): "confirmed" | "mismatch" | "unanswered" {
  if ("unanswered" in result) return "unanswered";
  return result.confirmed ? "confirmed" : "mismatch";
}
