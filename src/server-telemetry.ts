/** What the server tells of itself with: log, metrics, alarms. */
import type { Decided } from "./decisions/decide.ts";
import type { Taken } from "./decisions/push-desk.ts";
import type { Push } from "./decisions/push-message.ts";
import type { Refusal } from "./input/refusal.ts";
import type { NewFlag } from "./ledger/ledger.ts";
import { type Alarms, createAlarms } from "./telemetry/alarms.ts";
import { type EventLoopMonitor, watchEventLoop } from "./telemetry/event-loop.ts";
import { createLog, type Log } from "./telemetry/log.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
import { VERSION } from "./version.ts";

export interface Telemetry {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly alarms: Alarms;
  readonly eventLoop: EventLoopMonitor;
  /** Being answered now: of each listener by itself, so that none keeps the other out. */
  readonly load: { readonly nodes: Load; readonly push: Load };
  /** @property waiting - how many pushes Cobo is to be asked about. */
  readonly queries: { waiting: () => number };
}

interface Load {
  inFlight: number;
}

export function createTelemetry(): Telemetry {
  const eventLoop = watchEventLoop();
  const log = createLog({ level: process.env["COUNTERSIGN_LOG_LEVEL"] });
  const load = { nodes: { inFlight: 0 }, push: { inFlight: 0 } };
  const inFlight = () => load.nodes.inFlight + load.push.inFlight;
  const queries = { waiting: () => 0 };
  const waitingQueries = () => queries.waiting();
  const metrics = createMetrics({ version: VERSION, eventLoop, inFlight, waitingQueries });
  return { log, metrics, alarms: createAlarms(log, metrics), eventLoop, load, queries };
}

/** One line and its counts; what was given again is counted alone. */
export function tellOfDecision({ log, metrics }: Telemetry, { decision, cause, repeated }: Decided): void {
  if (repeated === true) {
    metrics.repeated(decision.outcome);
    return;
  }
  log.decision(decision);
  metrics.decision(decision);
  if (cause !== undefined) log.exception("decide", cause);
}

/** @param id - of what is written down. @param source - whose signature was good. */
export function tellOfUnusable(
  { log, metrics }: Telemetry,
  refusal: Refusal,
  source: string,
  id: string,
): void {
  metrics.unusable(refusal.code);
  log.unusableRequest(id, source, refusal.code, refusal.message);
}

/** @param cause - what went wrong inside. */
export function tellOfPush({ log, metrics }: Telemetry, taken: Taken, push: Push, cause?: unknown): void {
  const { id, outcome, flags, repeated } = taken;
  if (repeated) {
    metrics.pushRepeated();
    return;
  }
  const { channel, source, startedAt } = push;
  const document = push.readable ? push.input.document : undefined;
  const line = {
    ...{ id, channel, kind: document?.kind, outcome, status: document?.deposit?.status, source },
    request_id: document?.request.id,
    flags: flags.map(({ code }) => code),
    ms: performance.now() - startedAt,
  };
  log.push(line);
  metrics.push(line);
  if (cause !== undefined) log.exception("push", cause);
}

export function tellOfFlag({ log, metrics }: Telemetry, flag: NewFlag): void {
  log.flag(flag);
  metrics.flagged(flag);
}
