/** What the server tells of itself with: log, metrics, alarms. */
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
  /** Callbacks being answered now. */
  inFlight: number;
}

export function createTelemetry(): Telemetry {
  const eventLoop = watchEventLoop();
  const log = createLog({ level: process.env["COUNTERSIGN_LOG_LEVEL"] });
  const load = { inFlight: 0 };
  const metrics = createMetrics({ version: VERSION, eventLoop, inFlight: () => load.inFlight });
  return Object.assign(load, { log, metrics, alarms: createAlarms(log, metrics), eventLoop });
}
