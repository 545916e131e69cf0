import { createHash } from "node:crypto";
import { chmod, mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Listener, startListener } from "../listener.ts";
import { createAdminApp, type ReadinessCheck, type StatusSource } from "./app.ts";
import { type ServerState, statusSchema } from "./status.ts";
import { adminTokenFile, ensureAdminToken, findOperator, localToken, readAdminToken } from "./tokens.ts";

const OPERATE = "o".repeat(43);
const READ = "r".repeat(43);
const STATE: ServerState = {
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
  scope: {},
  nodes: [{ name: "node-1", payload: "v2", last_ping: 3_000 }],
  alarms: [],
};
const open: Listener[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.drain(100)));
});

async function start(
  state: ServerState = STATE,
  checks: ReadinessCheck[] = [],
  more: Partial<StatusSource> = {},
) {
  const events: string[] = [];
  const source: StatusSource = {
    checks: () => checks,
    state: () => state,
    reload: async () => ({ changed: false, live: { revision: "7", sequence: 3, sha256: "aa" } }),
    metrics: async () => ({ text: "countersign_build_info 1\n", contentType: "text/plain; version=0.0.4" }),
    operated: (who, what) => events.push(`${who} ${what}`),
    failed: () => events.push("failed"),
    ...more,
  };
  const tokens = [
    localToken(OPERATE),
    { name: "monitor", sha256: createHash("sha256").update(READ).digest("hex"), role: "read" as const },
  ];
  const app = createAdminApp({ source, tokens, now: () => 61_000 });
  const listener = await startListener({ address: { host: "127.0.0.1", port: 0 } }, app);
  open.push(listener);
  const ask = (path: string, method = "GET", token?: string) =>
    fetch(`${listener.url}${path}`, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  return { ask, events, url: listener.url };
}

describe("refused", () => {
  test.each([undefined, "", "x".repeat(43), OPERATE.slice(1), `${OPERATE}o`, "o".repeat(4_000)])(
    "the token %s: 401",
    async (token) => {
      const { ask } = await start();
      const response = await ask("/v1/status", "GET", token);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({
        type: "about:blank",
        title: "Unauthorized",
        status: 401,
      });
    },
  );

  test("another scheme: 401", async () => {
    const { url } = await start();
    const response = await fetch(`${url}/v1/status`, { headers: { authorization: `Basic ${OPERATE}` } });
    expect(response.status).toBe(401);
  });

  test("a reader who reloads: 403, and nothing happens", async () => {
    const { ask, events } = await start();
    expect((await ask("/v1/reload", "POST", READ)).status).toBe(403);
    expect(events).toEqual([]);
  });

  test("another path, another method", async () => {
    const { ask } = await start();
    for (const path of ["/", "/v2/check", "/v1/decisions", "/healthz/x"]) {
      expect((await ask(path, "GET", OPERATE)).status).toBe(404);
    }
    const response = await ask("/v1/status", "DELETE", OPERATE);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await response.json()).toMatchObject({ status: 405 });
    expect((await ask("/healthz", "POST")).status).toBe(405);
    expect((await ask("/v1/reload", "GET", OPERATE)).status).toBe(405);
  });

  test("after ten wrong tokens: 429, for the right token too", async () => {
    const { ask } = await start();
    const statuses = [];
    for (let i = 0; i < 12; i += 1) statuses.push((await ask("/v1/status", "GET", "wrong")).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    expect((await ask("/v1/status", "GET", OPERATE)).status).toBe(429);
    expect((await ask("/healthz")).status).toBe(200);
  });

  test("an exception of the server's: 500 without its message", async () => {
    const failing = () => {
      throw new Error("secret");
    };
    const { ask, events } = await start(STATE, [], { state: failing });
    const response = await ask("/v1/status", "GET", OPERATE);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(events).toEqual(["failed"]);
  });
});

describe("answered", () => {
  test("health always, readiness by its checks", async () => {
    const checks = [{ name: "release", ok: false, detail: "none is live" }];
    const { ask } = await start(STATE, checks);
    expect(await (await ask("/healthz")).json()).toEqual({ ok: true });
    const unready = await ask("/readyz");
    expect(unready.status).toBe(503);
    expect(await unready.json()).toEqual({ ready: false, checks });
    checks[0] = { name: "release", ok: true, detail: "7" };
    const ready = await ask("/readyz");
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ ready: true, checks });
    expect(ready.headers.get("cache-control")).toBe("no-store");
    expect(ready.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("metrics as the scraper wants them", async () => {
    const { ask } = await start();
    const response = await ask("/metrics");
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4");
    expect(await response.text()).toBe("countersign_build_info 1\n");
  });

  test("the status says aloud what weakens the protection", async () => {
    const { ask } = await start();
    const status = statusSchema.parse(await (await ask("/v1/status", "GET", READ)).json());
    expect(status).toMatchObject({
      uptime_seconds: 60,
      ready: true,
      scope: { open: true },
      trust: "unsigned",
    });
    expect(status.warnings.map((warning) => warning.split(":")[0])).toEqual([
      "UNSIGNED",
      "APPROVE_UNVERIFIED",
      "OPEN SCOPE",
      "NOT ENFORCED",
    ]);
  });

  test("and nothing where nothing does; an empty list is not an open scope", async () => {
    const release = { ...STATE.release, unenforced: {}, approve_unverified: false };
    const state = { ...STATE, trust: "sha256", scope: { vaults: [] }, release } as ServerState;
    const { ask } = await start(state);
    const status = statusSchema.parse(await (await ask("/v1/status", "GET", OPERATE)).json());
    expect(status.warnings).toEqual([]);
    expect(status.scope).toEqual({ open: false, vaults: [] });
  });

  test("an operator's reload, with who did it", async () => {
    const { ask, events } = await start();
    const response = await ask("/v1/reload", "POST", OPERATE);
    expect(await response.json()).toEqual({
      changed: false,
      live: { revision: "7", sequence: 3, sha256: "aa" },
    });
    expect(events).toEqual(["local reload"]);
  });

  test("a reload after which nothing is live says why", async () => {
    const { ask } = await start(STATE, [], {
      reload: async () => ({ changed: false, error: "archive: broken" }),
    });
    const response = await ask("/v1/reload", "POST", OPERATE);
    expect(await response.json()).toEqual({ live: null, changed: false, error: "archive: broken" });
  });
});

describe("token file", () => {
  test("open to others or too short, it is refused", async () => {
    const directory = await mkdtemp(join(tmpdir(), "state-"));
    await writeFile(adminTokenFile(directory), "short\n", { mode: 0o600 });
    await expect(ensureAdminToken(directory)).rejects.toThrow(/32 characters/);
    await writeFile(adminTokenFile(directory), `${OPERATE}\n`);
    await chmod(adminTokenFile(directory), 0o640);
    await expect(ensureAdminToken(directory)).rejects.toThrow(/0600/);
  });

  test("made once, mode 0600, then kept", async () => {
    const directory = join(await mkdtemp(join(tmpdir(), "state-")), "deep", "state");
    await expect(readAdminToken(directory)).rejects.toThrow(/ENOENT/);
    const token = await ensureAdminToken(directory);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect((await stat(adminTokenFile(directory))).mode & 0o777).toBe(0o600);
    expect(await ensureAdminToken(directory)).toBe(token);
    expect((await readFile(adminTokenFile(directory), "utf8")).trim()).toBe(token);
    expect(findOperator([localToken(token)], token)).toEqual({ name: "local", role: "operate" });
  });
});
