/** For the tests: the admin app on a real port, over a real ledger in a directory of its own. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { createAdminApp, type ReadinessCheck, type StatusSource } from "../../src/admin/app.ts";
import type { AcceptPrice } from "../../src/admin/prices.ts";
import type { Promote } from "../../src/admin/promote.ts";
import type { ShadowReport } from "../../src/admin/shadow.ts";
import type { ServerState } from "../../src/admin/status.ts";
import { localToken } from "../../src/admin/tokens.ts";
import { Freezes } from "../../src/decisions/freeze.ts";
import { Operations } from "../../src/decisions/operations.ts";
import { LedgerQueries } from "../../src/ledger/ledger-queries.ts";
import type { SqliteLedger } from "../../src/ledger/open.ts";
import { startListener } from "../../src/listener.ts";
import { PromoteError } from "../../src/policy/candidate.ts";
import { type AtEnd, opened, stateDirectory } from "./ledger.ts";

/** The token of `local`, role `operate`, and that of `monitor`, role `read`. */
export const OPERATE = "o".repeat(43);
export const READ = "r".repeat(43);

export const STATE: ServerState = {
  version: "0.1.0",
  started_at: 1_000,
  release: {
    revision: "7",
    sequence: 3,
    sha256: "aa",
    live_since: 2_000,
    source: "/bundles/default.tar.gz",
    rules: 4,
    unenforced: { "transfer/daily_limit": "warn" },
    approve_unverified: true,
  },
  trust: "unsigned",
  quarantined: [],
  scope: {},
  nodes: [{ name: "node-1", payload: "v2", last_ping: 3_000 }],
  alarms: [],
  freezes: [],
  ledger: { ok: true, detail: "writes" },
  lists: [],
};

export interface AdminParts {
  readonly state?: ServerState;
  readonly checks?: readonly ReadinessCheck[];
  readonly source?: Partial<StatusSource>;
  readonly acceptPrice?: AcceptPrice;
  readonly promote?: Promote;
  readonly shadow?: () => ShadowReport | undefined;
}

export interface RunningAdmin {
  readonly url: string;
  /** The state directory. */
  readonly directory: string;
  readonly ledger: SqliteLedger;
  readonly freezes: Freezes;
  /** What operators did and the server failed at, in words. */
  readonly events: string[];
  get(path: string, token?: string): Promise<Response>;
  /** @param body - sent as JSON, a string as it stands. */
  post(path: string, body: unknown, token?: string, contentType?: string): Promise<Response>;
  send(path: string, init: RequestInit, token?: string): Promise<Response>;
}

/** For all tests of a file or a block: of what changes nothing, so that none sees another. */
export function sharedAdmin(): () => RunningAdmin {
  let admin: RunningAdmin | undefined;
  const ends: (() => Promise<void> | void)[] = [];
  beforeAll(async () => {
    admin = await startAdmin({}, (end) => ends.push(end));
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });
  return () => {
    if (admin === undefined) throw new Error("not started yet");
    return admin;
  };
}

export async function startAdmin(
  parts: AdminParts = {},
  atEnd: AtEnd = onTestFinished,
): Promise<RunningAdmin> {
  const directory = stateDirectory(atEnd);
  const { ledger } = await opened(directory, {}, atEnd);
  const freezes = new Freezes(join(directory, "FREEZE"));
  const operations = new Operations(ledger, freezes, Date.now);
  operations.restore();
  const history = new LedgerQueries(join(directory, "ledger.db"));
  atEnd(() => history.close());
  const events: string[] = [];
  const source: StatusSource = {
    checks: () => parts.checks ?? [],
    state: () => parts.state ?? STATE,
    reload: async () => ({ changed: false, live: { revision: "7", sequence: 3, sha256: "aa" } }),
    metrics: async () => ({ text: "countersign_build_info 1\n", contentType: "text/plain; version=0.0.4" }),
    operated: (who, what) => events.push(`${who} ${what}`),
    failed: () => events.push("failed"),
    ...parts.source,
  };
  const tokens = [
    localToken(OPERATE),
    { name: "monitor", sha256: createHash("sha256").update(READ).digest("hex"), role: "read" as const },
  ];
  const app = createAdminApp({
    source,
    tokens,
    freezes,
    operations,
    history,
    acceptPrice: parts.acceptPrice ?? (async () => undefined),
    promote: parts.promote ?? (() => Promise.reject(new PromoteError("NO_CANDIDATE", "none"))),
    shadow: parts.shadow ?? (() => undefined),
    now: () => 61_000,
  });
  const listener = await startListener({ address: { host: "127.0.0.1", port: 0 } }, app);
  atEnd(() => listener.drain(100));
  const send = (path: string, init: RequestInit, token?: string): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    return fetch(`${listener.url}${path}`, { ...init, headers });
  };
  return {
    ...{ url: listener.url, directory, ledger, freezes, events, send },
    get: (path, token = READ) => send(path, {}, token),
    post: (path, body, token = OPERATE, contentType = "application/json") =>
      send(
        path,
        {
          method: "POST",
          headers: { "content-type": contentType },
          body: typeof body === "string" ? body : JSON.stringify(body),
        },
        token,
      ),
  };
}
