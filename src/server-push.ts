/** The push listener's app, and what judges pushes again, over the parts of the server. */
import { pushKeysOf } from "./channels/push/keys.ts";
import { createPushApp } from "./channels/push/routes.ts";
import type { Config } from "./config.ts";
import type { Bench } from "./decisions/desk.ts";
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

/** Judges a push again. */
export function pushAgain({ config, telemetry, memory, feeds }: PushParts): PushAgain {
  const { ledger, tickets, pushes } = memory;
  return new PushAgain({
    ledger,
    tickets,
    turns: pushes.turns,
    decisionMs: config.limits.decision,
    clock: Date.now,
    enrich: (document) => feeds.enrich(document),
    onAlarm: (code, message) => telemetry.alarms.raise(code, message),
    onFlag: (flag) => tellOfFlag(telemetry, flag),
  });
}

/** Judges again what could not be judged when it came. */
export function pushBacklog(parts: PushParts, again: PushAgain): PushBacklog {
  return new PushBacklog({
    ledger: parts.memory.ledger,
    again,
    bench: () => benchOf(parts),
    onError: (error) => parts.telemetry.log.exception("push", error),
  });
}

/** The release that is live now. */
export function benchOf({ live }: PushParts): Bench {
  return { live: live.current, refusedStep: live.lastError?.step };
}
