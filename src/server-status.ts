/** What the server says of itself on the admin listener. */
import type { ReadinessCheck } from "./admin/app.ts";
import { shownFreezes } from "./admin/freezes.ts";
import type { ServerState } from "./admin/status.ts";
import { pushKeysOf } from "./channels/push/keys.ts";
import type { TssNode } from "./channels/tss/routes.ts";
import type { Config } from "./config.ts";
import type { Feeds } from "./feeds/feeds.ts";
import type { LiveRelease } from "./policy/live.ts";
import { trustOf } from "./release-trust.ts";
import type { Replay } from "./replay/replay.ts";
import { candidateState } from "./server-candidate.ts";
import type { Memory } from "./server-memory.ts";
import { type Releases, unenforcedRules } from "./server-releases.ts";
import type { Alarms } from "./telemetry/alarms.ts";
import type { EventLoopMonitor } from "./telemetry/event-loop.ts";
import { VERSION } from "./version.ts";

/** An event loop held longer than this, in the last window, is not ready for more. */
const MAX_EVENT_LOOP_DELAY_S = 1;

/** Ready is where all of them are. */
export function readinessChecks(
  releases: Releases,
  feeds: Feeds,
  eventLoop: EventLoopMonitor,
): ReadinessCheck[] {
  const { current: live, lastError: refused } = releases.live;
  const { max } = eventLoop.delay();
  const absent = feeds.status().lists.filter(({ state }) => state === "absent");
  return [
    {
      name: "release",
      ok: live !== undefined,
      detail:
        live?.identity.revision ?? `none is live: ${refused?.step ?? ""} ${refused?.message ?? ""}`.trim(),
    },
    releases.ageCheck(),
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
          : absent
              .map(({ name, age_warning, error }) => `${name}: ${age_warning ?? error ?? "being read"}`)
              .join("; "),
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
  readonly releases: Releases;
  readonly memory: Memory;
  readonly feeds: Feeds;
  readonly nodes: readonly TssNode[];
  readonly alarms: Alarms;
  readonly lastPings: ReadonlyMap<string, number>;
  readonly startedAt: number;
}

export function serverState({
  config,
  releases,
  memory,
  feeds,
  nodes,
  alarms,
  lastPings,
  startedAt,
}: StateParts): ServerState {
  const { live: policy, activation } = releases;
  const { current: live, lastError: refused } = policy;
  const now = memory.releases.now();
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
            ...ageState(live, now),
            ...(activation.promotion === undefined ? {} : { promoted: activation.promotion }),
          },
        }),
    trust: trustOf(config.policy),
    ...keysState(activation),
    quarantined: activation.quarantined,
    ...candidateState(releases, memory),
    ...gateState(config, releases),
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

function gateState({ policy: { gate } }: Config, { gate: running }: Releases): Pick<ServerState, "gate"> {
  if (gate === undefined) return {};
  const configured = { replay_ms: gate.replay, max_newly_approved: gate.max_newly_approved };
  const run = running?.run;
  if (run === undefined) return { gate: configured };
  const { release, replay, state, at, done, total, message } = run;
  return {
    gate: {
      ...configured,
      run: {
        ...release,
        ...{ state, at, done, total },
        ...(replay === undefined ? {} : countsOf(replay)),
        ...(message === undefined ? {} : { message }),
      },
    },
  };
}

function countsOf({ newly_approved, newly_refused, failed, ...replay }: Replay) {
  const { replayed, failed_then, refused_by_host, pruned, unreadable } = replay;
  return {
    ...{ replayed, failed_then, refused_by_host, pruned, unreadable, failed: failed.count },
    ...{ newly_approved: newly_approved.count, newly_refused: newly_refused.count },
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

/** @param now - the time of decisions, milliseconds since the epoch. */
function ageState(
  { age, statement }: LiveRelease,
  now: number,
): Partial<NonNullable<ServerState["release"]>> {
  const weakness = age.refusalAt(now) ?? age.warningAt(now);
  return {
    confirmed_at: age.confirmedAt,
    ...(Number.isFinite(age.staleAt) ? { stale_at: age.staleAt } : {}),
    ...(statement === undefined
      ? {}
      : {
          audience: statement.audience,
          created_at: statement.created_at,
          expires_at: statement.expires_at,
          signed_by: statement.signedBy,
        }),
    ...(weakness === undefined ? {} : { age_warning: `${weakness.code}: ${weakness.message}` }),
  };
}

function keysState({ keys }: Releases["activation"]): Pick<ServerState, "trusted"> {
  if (keys === undefined) return {};
  const { audience, threshold, highest } = keys;
  const kids = keys.keys.map(({ kid }) => kid);
  return { trusted: { audience, threshold, keys: kids, ...(highest === undefined ? {} : { highest }) } };
}
