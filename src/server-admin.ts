/** The admin app over the parts of the server. */
import { createAdminApp, type ReloadResult } from "./admin/app.ts";
import { reportOf } from "./admin/shadow.ts";
import type { AdminToken } from "./admin/tokens.ts";
import type { HttpApp } from "./listener.ts";
import { readinessChecks, type StateParts, serverState } from "./server-status.ts";
import type { Telemetry } from "./server-telemetry.ts";

/** @property tokens - with `local`. */
export interface AdminAppParts extends Omit<StateParts, "alarms" | "lastPings"> {
  readonly telemetry: Telemetry;
  readonly tokens: readonly AdminToken[];
  readonly reload: () => Promise<ReloadResult>;
}

export function adminApp(parts: AdminAppParts): HttpApp {
  const { releases, memory, feeds, tokens, reload } = parts;
  const { log, metrics, alarms, eventLoop } = parts.telemetry;
  return createAdminApp({
    source: {
      checks: () => [...readinessChecks(releases, feeds, eventLoop), ...memory.checks()],
      state: () => serverState({ ...parts, alarms, lastPings: metrics.lastPings() }),
      reload,
      metrics: () => metrics.exposition(),
      operated: (who, what) => log.operated(who, what),
      failed: (error) => log.exception("admin", error),
    },
    tokens,
    freezes: memory.freezes,
    operations: memory.operations,
    history: memory.history,
    acceptPrice: (token, reason, who) => feeds.acceptPrice(token, reason, who),
    promote: (promotion, meant) => releases.promote(promotion, meant),
    shadow: () => memory.shadow.sitting && reportOf(memory.shadow.sitting),
  });
}
