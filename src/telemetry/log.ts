/**
 * The log: JSON lines on standard output. Every function takes named fields that are safe to show and nothing
 * else, so that no token, key or payload can slip into a line; there is no way to log an object as it stands.
 */
import { type Level, pino } from "pino";
import { type LogOutput, logOutput } from "./log-output.ts";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** Refused tokens of one code are written at most once in this time; the others are counted. */
const SAMPLE_MS = 60_000;
/** Longest text of a peer's making that is written. */
const MAX_PEER_TEXT = 256;
const MAX_STACK_LINES = 12;

/** What is sampled. */
const TOKEN = "token";
const PUSH = "push";

interface ReasonLine {
  readonly code: string;
  readonly rule?: string;
}

/** What of a decision is written: a `Decision` fits as it is. */
export interface DecisionLine {
  readonly id: string;
  readonly kind: string;
  readonly channel: string;
  readonly outcome: string;
  readonly action?: string;
  readonly source: string;
  readonly request_id: string;
  readonly reasons: readonly ReasonLine[];
  readonly alerts: readonly ReasonLine[];
  readonly release?: { readonly revision: string; readonly sequence: number };
  readonly timings: Readonly<Record<"normalize" | "evaluate" | "explain" | "total", number>>;
}

/**
 * What of a push is written.
 *
 * @property id - of its entry. @property kind - absent where nobody could read it; @property status - as the message has it.
 * @property flags - codes of what it raised.
 * @property request_id - Cobo's id, or what stands for it. @property ms - from its arrival to the disk.
 */
export interface PushLine {
  readonly id: string;
  readonly channel: string;
  readonly kind?: string | undefined;
  readonly outcome: string;
  readonly status?: string | undefined;
  readonly source: string;
  readonly request_id?: string | undefined;
  readonly flags: readonly string[];
  readonly ms: number;
}

/** What of a flag is written. */
export interface FlagLine {
  readonly id: string;
  readonly severity: string;
  readonly rule?: string | undefined;
  readonly code: string;
  readonly message: string;
}

/** `host:port` of each listener that runs. */
export interface ListenerAddresses {
  readonly nodes: string;
  readonly admin: string;
  readonly push?: string;
}

export interface ReleaseLine {
  readonly revision: string;
  readonly sequence: number;
  readonly sha256: string;
}

export interface ListLine {
  readonly list: string;
  readonly sequence: number;
  readonly sha256: string;
  readonly entries: number;
}

export interface StatementLine {
  readonly audience: string;
  readonly expires_at: number;
  readonly signedBy: readonly string[];
}

/** What a gate counted; absent where it did not come to an end. */
export interface GateLine {
  readonly replayed: number | undefined;
  readonly newly_approved: number | undefined;
  readonly failed: number | undefined;
  readonly pruned: number | undefined;
  readonly unreadable: number | undefined;
  readonly message: string | undefined;
}

export interface Log {
  /** The one line that says: ready to serve. */
  listening(addresses: ListenerAddresses, version: string): void;
  /** One line a decision: `info`, and `warn` where the failure is ours. */
  decision(decision: DecisionLine): void;
  /** Sampled: the first of each code in a minute, with how many were left out before it. */
  refusedToken(code: string, listener: string, remote: string): void;
  /** One line a push that is kept: `info`, and `warn` where it could not be read or judged. */
  push(push: PushLine): void;
  flag(flag: FlagLine): void;
  /** Cobo was asked about a push. @param result - `confirmed`, `mismatch` or `unanswered`. */
  queried(push: string, result: string): void;
  /** Sampled as refused tokens are. */
  refusedPush(code: string, remote: string): void;
  /** Its signature is good, and its time is far from ours. Sampled likewise. @param apartMs - ours less its. */
  oddlyTimedPush(source: string, apartMs: number): void;
  /** One that could not be kept, by our own fault: Cobo sends it again. Sampled likewise. */
  unkeptPush(code: string): void;
  /** A request that a good token held and that is of no use: it makes no decision. */
  unusableRequest(id: string, source: string, code: string, message: string): void;
  /** @param statement - absent where it was not signed; `expires_at` in milliseconds since the epoch. */
  releaseLive(release: ReleaseLine, trust: string, rules: number, statement?: StatementLine): void;
  /** A signed list came into force. @param statement - as of a release. */
  listInForce(list: ListLine, statement: StatementLine): void;
  /** A candidate judges in the shadow from now on. @param against - the release that decides. */
  candidate(candidate: ReleaseLine, against: ReleaseLine): void;
  /** What a gate said of a release; `warn` where it did not let it through. */
  gate(release: ReleaseLine, state: string, counts: GateLine): void;
  /** At `error`. Called by the alarms only. */
  alarm(code: string, message: string, count: number): void;
  /** Something an operator should change: an open scope, an unsigned release. */
  warning(code: string, message: string): void;
  /** Stored requests and documents that became older than they are kept, or than they are kept plain. */
  retained(compressed: number, pruned: number): void;
  reloaded(what: string, changed: boolean): void;
  /** A call of the admin API that changes something. */
  operated(who: string, what: string): void;
  stopping(signal?: string): void;
  stopped(): void;
  /**
   * An exception nobody expected: its class, its code and where it was thrown. Its message is left out, for it
   * may quote the data that broke something.
   */
  exception(where: string, error: unknown): void;
  /** Begins to write what is left, the counts of refused tokens included; nobody waits for whoever reads it. */
  flush(): void;
}

export interface LogOptions {
  readonly level?: string | undefined;
  /** Where lines go; default standard output, written asynchronously. */
  readonly destination?: LogOutput;
  /** Milliseconds, for the samples. */
  readonly now?: () => number;
}

interface Sample {
  since: number;
  suppressed: number;
}

/** Creates the log. An unknown level is `info`. */
export function createLog(options: LogOptions = {}): Log {
  const { now = Date.now } = options;
  const destination = options.destination ?? logOutput();
  const logger = pino(
    {
      base: null,
      level: logLevel(options.level),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  destination.onLost?.((lines) => logger.error({ lines }, "log lines lost"));
  const samples = new Map<string, Sample>();
  /** How many of a name were left out since it was written last; undefined where this one is left out, too. */
  const sampled = (name: string): number | undefined => {
    const at = now();
    const sample = samples.get(name);
    if (sample !== undefined && at - sample.since < SAMPLE_MS) {
      sample.suppressed += 1;
      return undefined;
    }
    samples.set(name, { since: at, suppressed: 0 });
    return sample?.suppressed ?? 0;
  };

  return {
    listening(addresses, version) {
      const { nodes, admin, push } = addresses;
      logger.info(
        { addresses: { nodes, ...(push === undefined ? {} : { push }), admin }, version },
        "listening",
      );
      destination.flush?.();
    },
    decision(decision) {
      const level: Level = decision.outcome === "failed" ? "warn" : "info";
      if (!logger.isLevelEnabled(level)) return;
      const { normalize, evaluate, explain, total } = decision.timings;
      const [first] = decision.reasons;
      logger[level](
        {
          id: decision.id,
          kind: decision.kind,
          channel: decision.channel,
          outcome: decision.outcome,
          action: decision.action,
          code: first?.code,
          rule: first?.rule,
          reasons: decision.reasons.length,
          alerts: decision.alerts.length === 0 ? undefined : decision.alerts.map(({ code }) => code),
          source: decision.source,
          request_id: peerText(decision.request_id),
          revision: decision.release?.revision,
          sequence: decision.release?.sequence,
          ms: {
            normalize: rounded(normalize),
            evaluate: rounded(evaluate),
            explain: rounded(explain),
            total: rounded(total),
          },
        },
        "decision",
      );
    },
    refusedToken(code, listener, remote) {
      const suppressed = sampled(`${TOKEN} ${code}`);
      if (suppressed === undefined) return;
      logger.warn({ code, listener, remote: peerText(remote), suppressed }, `${TOKEN} refused`);
    },
    push({ id, channel, kind, outcome, status, source, request_id, flags, ms }) {
      const level: Level = kind === undefined || outcome === "pending" ? "warn" : "info";
      const members = { id, channel, kind, outcome, status, source };
      const found = flags.length === 0 ? undefined : flags;
      const asked = request_id === undefined ? undefined : peerText(request_id);
      logger[level]({ ...members, request_id: asked, flags: found, ms: rounded(ms) }, "push");
    },
    flag({ id, severity, rule, code, message }) {
      logger.warn({ id, severity, code, rule, detail: peerText(message) }, "flag");
    },
    queried(id, result) {
      logger.info({ id, result }, "push queried");
    },
    refusedPush(code, remote) {
      const suppressed = sampled(`${PUSH} ${code}`);
      if (suppressed === undefined) return;
      logger.warn({ code, listener: "push", remote: peerText(remote), suppressed }, `${PUSH} refused`);
    },
    unkeptPush(code) {
      const suppressed = sampled(`${PUSH} ${code}`);
      if (suppressed !== undefined) logger.warn({ code, suppressed }, "push not kept");
    },
    oddlyTimedPush(source, apartMs) {
      const suppressed = sampled(`${PUSH} ODDLY_TIMED`);
      if (suppressed === undefined) return;
      logger.warn({ source, seconds: Math.round(apartMs / 1_000), suppressed }, "push oddly timed");
    },
    unusableRequest(id, source, code, message) {
      logger.warn({ id, source, code, detail: peerText(message) }, "request unusable");
    },
    releaseLive({ revision, sequence, sha256 }, trust, rules, statement) {
      const signed = statement && shownStatement(statement);
      logger.info({ revision, sequence, sha256, trust, rules, ...signed }, "release live");
    },
    listInForce({ list, sequence, sha256, entries }, statement) {
      logger.info({ list, sequence, sha256, entries, ...shownStatement(statement) }, "list in force");
    },
    candidate({ revision, sequence, sha256 }, against) {
      const { revision: live } = against;
      logger.info({ revision, sequence, sha256, against: live }, "candidate judges");
    },
    gate({ revision, sequence, sha256 }, state, { message, ...counts }) {
      const level: Level = state === "passed" || state === "skipped" ? "info" : "warn";
      logger[level]({ revision, sequence, sha256, state, ...counts, detail: message }, "gate");
    },
    alarm(code, message, count) {
      logger.error({ code, detail: message, count }, "alarm");
    },
    retained(compressed, pruned) {
      logger.info({ compressed, pruned }, "retained");
    },
    warning(code, message) {
      logger.warn({ code, detail: message }, "warning");
    },
    reloaded(what, changed) {
      logger.info({ what, changed }, "reloaded");
    },
    operated(who, what) {
      logger.info({ who, what }, "operated");
    },
    stopping(signal) {
      logger.info({ signal }, "stopping");
    },
    stopped() {
      logger.info("stopped");
    },
    exception(where, error) {
      logger.error({ where, ...anatomy(error) }, "exception");
    },
    flush() {
      for (const [name, { suppressed }] of samples) {
        const [what, code] = name.split(" ", 2);
        if (suppressed > 0)
          logger.warn({ code, suppressed }, what === PUSH ? "pushes refused" : "tokens refused");
      }
      samples.clear();
      destination.flush?.();
    },
  };
}

function shownStatement({ audience, expires_at, signedBy }: StatementLine) {
  return { audience, expires_at: new Date(expires_at).toISOString(), signed_by: signedBy };
}

/** A level of {@link LOG_LEVELS}, `info` where the text is none. */
function logLevel(text: string | undefined): Level {
  return LOG_LEVELS.find((level) => level === text) ?? "info";
}

function anatomy(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { error: typeof error };
  const code: unknown = Reflect.get(error, "code");
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    error: error.name,
    code: typeof code === "string" ? code : undefined,
    stack: frames.slice(0, MAX_STACK_LINES).map((line) => line.trim()),
    cause: error.cause === undefined ? undefined : anatomy(error.cause),
  };
}

function peerText(text: string): string {
  return text.length <= MAX_PEER_TEXT ? text : `${text.slice(0, MAX_PEER_TEXT)}…`;
}

/** Microseconds are enough for a line. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
