/** What the server says of itself on the admin listener. */
import type { ReadinessCheck } from "./admin/app.ts";
import { shownFreezes } from "./admin/freezes.ts";
import type { ServerState } from "./admin/status.ts";
import { pushKeysOf } from "./channels/push/keys.ts";
import type { TssNode } from "./channels/tss/routes.ts";
import type { Config } from "./config.ts";
import type { Feeds } from "./feeds/feeds.ts";
import type { LivePolicy } from "./policy/live.ts";
import type { Memory } from "./server-memory.ts";
import type { Alarms } from "./telemetry/alarms.ts";
import type { EventLoopMonitor } from "./telemetry/event-loop.ts";
import { VERSION } from "./version.ts";

/** An event loop held longer than this, in the last window, is not ready for more. */
const MAX_EVENT_LOOP_DELAY_S = 1;

/** Ready is where all of them are. */
export function readinessChecks(
  policy: LivePolicy,
  feeds: Feeds,
  eventLoop: EventLoopMonitor,
): ReadinessCheck[] {
  const live = policy.current;
  const refused = policy.lastError;
  const { max } = eventLoop.delay();
  const absent = feeds.status().lists.filter(({ entries }) => entries === undefined);
  return [
    {
      name: "release",
      ok: live !== undefined,
      detail:
        live?.identity.revision ?? `none is live: ${refused?.step ?? ""} ${refused?.message ?? ""}`.trim(),
    },
    {
      name: "policy_engine",
      ok: live?.isServing() ?? false,
      detail: live?.isServing() ? "serving" : "not serving",
    },
    {
      name: "lists",
      ok: absent.length === 0,
      detail:
        absent.length === 0
          ? "all are loaded"
          : absent.map(({ name, error }) => `${name}: ${error ?? "being read"}`).join("; "),
    },
    {
      name: "event_loop",
      ok: max < MAX_EVENT_LOOP_DELAY_S,
      detail: `held at most ${(max * 1000).toFixed(0)} ms lately`,
    },
  ];
}

/** @property lastPings - milliseconds since the epoch, by node. */
export interface StateParts {
  readonly config: Config;
  readonly live: LivePolicy;
  readonly memory: Memory;
  readonly feeds: Feeds;
  readonly nodes: readonly TssNode[];
  readonly alarms: Alarms;
  readonly lastPings: ReadonlyMap<string, number>;
  readonly startedAt: number;
}

export function serverState({
  config,
  live: policy,
  memory,
  feeds,
  nodes,
  alarms,
  lastPings,
  startedAt,
}: StateParts): ServerState {
  const live = policy.current;
  const refused = policy.lastError;
  return {
    version: VERSION,
    started_at: startedAt,
    ...(live === undefined
      ? {}
      : {
          release: {
            ...live.identity,
            live_since: live.activatedAt,
            source: live.source,
            rules: live.index.rules.length,
            unenforced: unenforcedRules(live.hostData.modes),
            approve_unverified: live.hostData.approve_unverified === true,
          },
        }),
    trust: trustOf(config),
    scope: config.scope,
    nodes: nodes.map(({ name, payload }) => {
      const ping = lastPings.get(name);
      return { name, payload, ...(ping === undefined ? {} : { last_ping: ping }) };
    }),
    ...pushState(config),
    alarms: alarms.list(),
    freezes: shownFreezes(memory.freezes),
    ledger: ledgerState(memory),
    ...feeds.status(),
    ...(refused === undefined ? {} : { last_release_error: refused }),
  };
}

function pushState({ listen, push }: Config): Pick<ServerState, "push"> {
  if (listen.push === undefined) return {};
  const { on_unapproved_withdrawal } = push;
  return { push: { keys: pushKeysOf(push.keys).map(({ name }) => name), on_unapproved_withdrawal } };
}

function ledgerState({ ledger }: Memory): ServerState["ledger"] {
  const newest = ledger.newestAt();
  return { ...ledger.health(), ...(newest === 0 ? {} : { newest_at: newest }) };
}

export function trustOf({ policy }: Config): "unsigned" | "sha256" {
  return policy.trust === "unsigned" ? "unsigned" : "sha256";
}

/** The rules that `data.modes` keeps from refusing. */
export function unenforcedRules(
  modes: Readonly<Record<string, string>> | undefined,
): Record<string, "warn" | "off"> {
  const found: Record<string, "warn" | "off"> = {};
  for (const [rule, mode] of Object.entries(modes ?? {})) {
    if (mode === "warn" || mode === "off") found[rule] = mode;
  }
  return found;
}
