/** How long the event loop is held: the one number that tells of work in the wrong place. */
import { monitorEventLoopDelay } from "node:perf_hooks";

const WINDOW_MS = 10_000;
const RESOLUTION_MS = 10;
const NS_PER_S = 1e9;

/** Seconds, over the last full window of ten seconds. */
interface EventLoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface EventLoopMonitor {
  delay(): EventLoopDelay;
  stop(): void;
}

/** Starts to watch. The timers keep no process alive. */
export function watchEventLoop(windowMs: number = WINDOW_MS): EventLoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  // The histogram measures the whole interval of its timer: what is over the resolution is the delay.
  const seconds = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NS_PER_S - RESOLUTION_MS / 1_000) : 0;
  const read = (): EventLoopDelay =>
    histogram.count === 0
      ? { p50: 0, p99: 0, max: 0 }
      : {
          p50: seconds(histogram.percentile(50)),
          p99: seconds(histogram.percentile(99)),
          max: seconds(histogram.max),
        };
  let last: EventLoopDelay | undefined;
  const timer = setInterval(() => {
    last = read();
    histogram.reset();
  }, windowMs);
  timer.unref();
  return {
    delay: () => last ?? read(),
    stop() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
