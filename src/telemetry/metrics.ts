/**
 * The metrics, in a registry of their own: names begin with `countersign_` and stand in docs/operations.md, a
 * test holds that table to this file. What a decision touches is resolved once and kept.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { EventLoopMonitor } from "./event-loop.ts";
import { createListMetrics, type ListMetrics } from "./list-metrics.ts";
import type { DecisionLine, FlagLine, PushLine, ReleaseLine } from "./log.ts";

/** From a tenth of a millisecond, one policy evaluation, to the longest a node waits. */
const PHASE_BUCKETS_S = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

const PHASES = ["verify", "normalize", "evaluate", "explain", "sign", "total"] as const;
/** `verify` and `sign` are the token's cryptography; the others are a decision's timings. */
type Phase = (typeof PHASES)[number];

export interface MetricsOptions {
  readonly version: string;
  readonly eventLoop: EventLoopMonitor;
  /** Requests being answered at this moment. */
  readonly inFlight?: () => number;
  /** Pushes that wait to be asked about at this moment. */
  readonly waitingQueries?: () => number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface Metrics extends ListMetrics {
  /** Counts a decision and its phases. */
  decision(decision: Pick<DecisionLine, "outcome" | "kind" | "reasons" | "timings">): void;
  /** A stored answer that was given again. */
  repeated(outcome: string): void;
  /** A phase that is not part of a decision's timings: `verify`, `sign`. */
  phase(phase: Phase, ms: number): void;
  tokenRefused(code: string): void;
  /** A good token around a request that cannot be judged. */
  unusable(code: string): void;
  /** A push that was kept. */
  push(push: Pick<PushLine, "channel" | "kind" | "outcome">): void;
  /** A push that was kept before, to the byte. */
  pushRepeated(): void;
  /** A push that Cobo did not sign, or not lately. */
  pushRefused(code: string): void;
  flagged(flag: Pick<FlagLine, "code" | "severity">): void;
  /** What asking about a push came to. */
  queried(result: "confirmed" | "mismatch" | "unanswered"): void;
  /** A ping whose token was good. */
  ping(node: string): void;
  /** Milliseconds since the epoch of each node's last ping. */
  lastPings(): ReadonlyMap<string, number>;
  httpRejected(listener: string, status: string): void;
  releaseLive(release: ReleaseLine): void;
  releaseFailed(step: string): void;
  /** A candidate that does not judge in the shadow, and why. */
  candidateRefused(step: string): void;
  /** A decision or push that the candidate judged: what both said, and how they differ. */
  shadowJudged(live: string, candidate: string, change: string): void;
  shadowSkipped(why: string): void;
  /** The candidate's engine ran over its deadline, or it failed. */
  shadowFault(reason: "timeout" | "error"): void;
  /** Where what is known of the shadow is read when it is asked for. */
  shadow(read: () => ShadowFacts): void;
  /** How releases are trusted: `unsigned`, `sha256` or `keys`. */
  trust(trust: string): void;
  /** Where what is known of releases is read when it is asked for. */
  releases(read: () => ReleaseFacts): void;
  /** The policy worker was replaced: it ran over its deadline, or it failed. */
  policyRestarted(reason: "timeout" | "error"): void;
  alarm(code: string): void;
  /** What a scraper reads, and its content type. */
  exposition(): Promise<{ readonly text: string; readonly contentType: string }>;
  /** The names of all metrics, with what they mean. */
  descriptions(): readonly {
    readonly name: string;
    readonly help: string;
    readonly labels: readonly string[];
  }[];
}

/** Milliseconds since the epoch; absent where there is no such time. */
interface ReleaseFacts {
  readonly expiresAt: number | undefined;
  readonly confirmedAt: number | undefined;
  readonly quarantined: number;
}

/** @property candidate - that judges now. @property waiting - decisions that wait to be judged by it. */
interface ShadowFacts {
  readonly candidate: ReleaseLine | undefined;
  readonly waiting: number;
}

/** Creates the metrics of one process. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { now = Date.now } = options;
  const registry = new Registry();
  const described: { name: string; help: string; labels: readonly string[] }[] = [];
  const define = <L extends string>(name: string, help: string, labelNames: readonly L[]) => {
    described.push({ name: `countersign_${name}`, help, labels: labelNames });
    return { name: `countersign_${name}`, help, labelNames, registers: [registry] };
  };

  const decisions = new Counter(
    define("decisions_total", "Decisions by outcome, kind and code of the first reason", [
      "outcome",
      "kind",
      "code",
    ]),
  );
  const repeats = new Counter(
    define("answers_repeated_total", "Stored answers that were given again, by outcome", ["outcome"]),
  );
  const phases = new Histogram({
    ...define("phase_seconds", "Time by phase: verify, normalize, evaluate, explain, sign, total", ["phase"]),
    buckets: PHASE_BUCKETS_S,
  });
  const tokens = new Counter(define("tokens_refused_total", "Refused tokens by code", ["code"]));
  const unusable = new Counter(
    define("requests_unusable_total", "Requests of a good token that cannot be judged, by code", ["code"]),
  );
  const pushes = new Counter(
    define("pushes_total", "Pushes that were kept, by channel, kind and what the rules found", [
      "channel",
      "kind",
      "outcome",
    ]),
  );
  const pushRepeats = new Counter(define("pushes_repeated_total", "Pushes that were kept before", []));
  const pushRefusals = new Counter(
    define("pushes_refused_total", "Pushes whose signature or time is not good, by code", ["code"]),
  );
  const flags = new Counter(
    define("flags_total", "Flags that were raised, by code and severity", ["code", "severity"]),
  );
  const queries = new Counter(
    define("push_queries_total", "Pushes that Cobo was asked about, by what came of it", ["result"]),
  );
  const pings = new Gauge(
    define("last_ping_timestamp_seconds", "When a node last pinged, since the epoch", ["node"]),
  );
  const rejections = new Counter(
    define(
      "http_rejected_total",
      "Requests turned away by listener and status; `network` is outside `allow`",
      ["listener", "status"],
    ),
  );
  const info = new Gauge(
    define("release_info", "1 for the release in force", ["revision", "sequence", "sha256"]),
  );
  const failures = new Counter(
    define("release_failures_total", "Releases that did not go live, by the step that refused them", [
      "step",
    ]),
  );
  const trusts = new Gauge(
    define("release_trust", "1 for how releases are trusted: unsigned, sha256 or keys", ["trust"]),
  );
  const restarts = new Counter(
    define("policy_restarts_total", "Policy workers replaced, by reason: timeout or error", ["reason"]),
  );
  const shadowRefusals = new Counter(
    define("shadow_refused_total", "Candidates that do not judge, by the step that refused them", ["step"]),
  );
  const shadowJudgements = new Counter(
    define(
      "shadow_judged_total",
      "What the candidate judged, by what was decided and what it would have said",
      ["live", "candidate"],
    ),
  );
  const shadowChanges = new Counter(
    define("shadow_changes_total", "What the candidate judged, by how it differs from what was decided", [
      "change",
    ]),
  );
  const shadowSkips = new Counter(
    define("shadow_skipped_total", "Decisions that the candidate did not judge, by reason", ["reason"]),
  );
  const shadowFaults = new Counter(
    define("shadow_faults_total", "Faults of the candidate's engine, by reason: timeout or error", [
      "reason",
    ]),
  );
  let shadowFacts: (() => ShadowFacts) | undefined;
  new Gauge({
    ...define("shadow_info", "1 for the candidate that judges in the shadow", [
      "revision",
      "sequence",
      "sha256",
    ]),
    collect() {
      const candidate = shadowFacts?.().candidate;
      this.reset();
      if (candidate === undefined) return;
      const { revision, sequence, sha256 } = candidate;
      this.set({ revision, sequence: String(sequence), sha256 }, 1);
    },
  });
  const alarms = new Counter(define("alarms_total", "Alarms by code", ["code"]));

  let liveSince: number | undefined;
  const gauge = (name: string, help: string, value: () => number | undefined): void => {
    new Gauge({
      ...define(name, help, []),
      collect() {
        const current = value();
        if (current === undefined) this.remove();
        else this.set(current);
      },
    });
  };
  gauge("release_age_seconds", "How long the release has been in force; absent without one", () =>
    liveSince === undefined ? undefined : (now() - liveSince) / 1_000,
  );
  let releaseFacts: (() => ReleaseFacts) | undefined;
  const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);
  gauge(
    "release_expires_timestamp_seconds",
    "When the statement of the release expires; absent without one",
    () => seconds(releaseFacts?.().expiresAt),
  );
  gauge(
    "release_confirmed_timestamp_seconds",
    "When the release was last found at its place; absent without one",
    () => seconds(releaseFacts?.().confirmedAt),
  );
  gauge(
    "releases_quarantined",
    "Signed releases that are no good, and are not tried again",
    () => releaseFacts?.().quarantined,
  );
  const lists = createListMetrics(define);
  gauge(
    "shadow_waiting_decisions",
    "Decisions that wait to be judged by the candidate; absent without one",
    () => (shadowFacts?.().candidate === undefined ? undefined : shadowFacts().waiting),
  );
  gauge(
    "push_queries_waiting",
    "Pushes that Cobo is to be asked about",
    () => options.waitingQueries?.() ?? 0,
  );
  gauge("in_flight_requests", "Requests being answered", () => options.inFlight?.() ?? 0);
  new Gauge({
    ...define("event_loop_delay_seconds", "How long the event loop was held, in the last 10 s", ["quantile"]),
    collect() {
      const { p50, p99, max } = options.eventLoop.delay();
      this.set({ quantile: "0.5" }, p50);
      this.set({ quantile: "0.99" }, p99);
      this.set({ quantile: "1" }, max);
    },
  });
  new Counter({
    ...define("process_cpu_seconds_total", "CPU time of all threads", []),
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss());
  gauge("process_start_time_seconds", "When the process started, since the epoch", () =>
    Math.round(performance.timeOrigin / 1_000),
  );
  new Gauge(define("build_info", "1 for the running version", ["version"])).set(
    { version: options.version },
    1,
  );

  const outcomes = new Map<string, { inc(): void }>();
  const timers = new Map<string, { observe(seconds: number): void }>(
    PHASES.map((phase) => {
      phases.zero({ phase });
      return [phase, phases.labels(phase)];
    }),
  );
  const observe = (phase: Phase, ms: number): void => timers.get(phase)?.observe(ms / 1_000);
  const lastPing = new Map<string, number>();

  return {
    decision({ outcome, kind, reasons, timings }) {
      const code = reasons[0]?.code ?? "";
      const key = `${outcome} ${kind} ${code}`;
      let child = outcomes.get(key);
      if (child === undefined) {
        child = decisions.labels(outcome, kind, code);
        outcomes.set(key, child);
      }
      child.inc();
      observe("normalize", timings.normalize);
      observe("evaluate", timings.evaluate);
      // Words are only needed for a refusal: zeros would hide what they cost.
      if (timings.explain > 0) observe("explain", timings.explain);
      observe("total", timings.total);
    },
    phase: observe,
    repeated: (outcome) => repeats.inc({ outcome }),
    tokenRefused: (code) => tokens.inc({ code }),
    unusable: (code) => unusable.inc({ code }),
    push: ({ channel, kind, outcome }) => pushes.inc({ channel, kind: kind ?? "", outcome }),
    pushRepeated: () => pushRepeats.inc(),
    pushRefused: (code) => pushRefusals.inc({ code }),
    flagged: ({ code, severity }) => flags.inc({ code, severity }),
    queried: (result) => queries.inc({ result }),
    ping(node) {
      const at = now();
      lastPing.set(node, at);
      pings.set({ node }, at / 1_000);
    },
    lastPings: () => lastPing,
    httpRejected: (listener, status) => rejections.inc({ listener, status }),
    releaseLive({ revision, sequence, sha256 }) {
      liveSince = now();
      info.reset();
      info.set({ revision, sequence: String(sequence), sha256 }, 1);
    },
    releaseFailed: (step) => failures.inc({ step }),
    candidateRefused: (step) => shadowRefusals.inc({ step }),
    shadowJudged(live, candidate, change) {
      shadowJudgements.inc({ live, candidate });
      shadowChanges.inc({ change });
    },
    shadowSkipped: (reason) => shadowSkips.inc({ reason }),
    shadowFault: (reason) => shadowFaults.inc({ reason }),
    shadow(read) {
      shadowFacts = read;
    },
    trust(trust) {
      trusts.reset();
      trusts.set({ trust }, 1);
    },
    releases(read) {
      releaseFacts = read;
    },
    ...lists,
    policyRestarted: (reason) => restarts.inc({ reason }),
    alarm: (code) => alarms.inc({ code }),
    async exposition() {
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
    descriptions: () => described,
  };
}
