/** The push listener's app, and what judges pushes again, over the parts of the server. */
import { pushKeysOf } from "./channels/push/keys.ts";
import { createPushApp } from "./channels/push/routes.ts";
import type { Config } from "./config.ts";
import { PushAgain } from "./decisions/push-again.ts";
import { PushBacklog } from "./decisions/push-backlog.ts";
import type { Feeds } from "./feeds/feeds.ts";
import type { HttpApp } from "./listener.ts";
import type { LivePolicy } from "./policy/live.ts";
import type { Memory } from "./server-memory.ts";
import { type Telemetry, tellOfDecision, tellOfFlag, tellOfUnusable } from "./server-telemetry.ts";

export interface PushParts {
  readonly config: Config;
  readonly telemetry: Telemetry;
  readonly memory: Memory;
  readonly feeds: Feeds;
  readonly live: LivePolicy;
}

export function pushApp({ config, telemetry, memory, feeds, live }: PushParts): HttpApp {
  const { log, metrics } = telemetry;
  return createPushApp({
    keys: pushKeysOf(config.push.keys),
    window: config.push.window,
    limits: { bodyBytes: config.limits.body, inFlight: config.limits.in_flight },
    pushes: memory.pushes,
    desk: memory.desk,
    enrich: (document) => feeds.enrich(document),
    zone: config.zone,
    live: () => live.current,
    refusedStep: () => live.lastError?.step,
    now: Date.now,
    load: telemetry.load.push,
    events: {
      decided: (decided) => tellOfDecision(telemetry, decided),
      unusable: (refusal, source, id) => tellOfUnusable(telemetry, refusal, source, id),
      refused: (code, remote) => {
        metrics.pushRefused(code);
        log.refusedPush(code, remote);
      },
      oddlyTimed: (source, apartMs) => log.oddlyTimedPush(source, apartMs),
      unkept: (code) => log.unkeptPush(code),
      rejected: (status) => metrics.httpRejected("push", String(status)),
      failed: (error) => log.exception("push", error),
    },
  });
}

/** Judges again what could not be judged when it came. */
export function pushBacklog({ config, telemetry, memory, feeds, live }: PushParts): PushBacklog {
  const { log, alarms } = telemetry;
  const { ledger, tickets, pushes } = memory;
  const again = new PushAgain({
    ledger,
    tickets,
    turns: pushes.turns,
    decisionMs: config.limits.decision,
    clock: Date.now,
    enrich: (document) => feeds.enrich(document),
    onAlarm: (code, message) => alarms.raise(code, message),
    onFlag: (flag) => tellOfFlag(telemetry, flag),
  });
  return new PushBacklog({
    ledger,
    again,
    bench: () => ({ live: live.current, refusedStep: live.lastError?.step }),
    onError: (error) => log.exception("push", error),
  });
}
