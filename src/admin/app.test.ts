import { chmod, mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OPERATE, READ, STATE, sharedAdmin, startAdmin } from "../../test/support/admin.ts";
import type { ReadinessCheck, StatusSource } from "./app.ts";
import { type ServerState, statusSchema } from "./status.ts";
import { adminTokenFile, ensureAdminToken, findOperator, localToken, readAdminToken } from "./tokens.ts";

const ACTS = [
  "/v1/reload",
  "/v1/freeze",
  "/v1/unfreeze",
  "/v1/transactions/t/release",
  "/v1/prices/ETH/accept",
  "/v1/flags/g_1/resolve",
];
const READINGS = [
  ...["/v1/status", "/v1/freezes", "/v1/flags", "/v1/decisions", "/v1/decisions/d_1"],
  "/v1/transactions/t",
];

async function start(
  state: ServerState = STATE,
  checks: ReadinessCheck[] = [],
  source: Partial<StatusSource> = {},
) {
  const admin = await startAdmin({ state, checks, source });
  const ask = (path: string, method = "GET", token?: string) => admin.send(path, { method }, token);
  return { ask, events: admin.events, url: admin.url };
}

describe("refused", () => {
  const shared = sharedAdmin();

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

  test.each([...READINGS.map((path) => ["GET", path]), ...ACTS.map((path) => ["POST", path])])(
    "%s %s without a token or with a wrong one: 401",
    async (method, path) => {
      const { ask, events } = await start();
      for (const token of [undefined, "wrong"]) {
        const response = await ask(path, method, token);
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ title: "Unauthorized", status: 401 });
      }
      expect(events).toEqual([]);
    },
  );

  test.each(ACTS)("a reader at %s: 403, and nothing happens", async (path) => {
    const { ask, events } = await start();
    const response = await ask(path, "POST", READ);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ title: "Forbidden", detail: "This token may only read." });
    expect(events).toEqual([]);
  });

  test("another path", async () => {
    const { ask } = await start();
    for (const path of [
      ...[
        "/",
        "/v2/check",
        "/healthz/x",
        "/v1/decision",
        "/v1/decisions/",
        "/v1/decisions/a/b",
        "/v1/freezes/f_1",
      ],
      ...["/v1/flags/g_1", "/v1/flags/", "/v1/flags/g_1/resolve/x"],
      ...["/v1/prices", "/v1/prices/ETH", "/v1/transactions", "/v1/transactions/t/release/x"],
    ]) {
      expect([path, (await ask(path, "GET", OPERATE)).status]).toEqual([path, 404]);
    }
  });

  test("another method: 405 with those that it takes, an origin's preflight too", async () => {
    const { ask } = await start();
    for (const path of READINGS) {
      for (const method of ["DELETE", "OPTIONS", "POST"]) {
        const response = await ask(path, method, OPERATE);
        expect([path, response.status, response.headers.get("allow")]).toEqual([path, 405, "GET, HEAD"]);
        expect(await response.json()).toMatchObject({ title: "Method not allowed", status: 405 });
      }
    }
    for (const path of ACTS) {
      const response = await ask(path, "GET", OPERATE);
      expect([path, response.status, response.headers.get("allow")]).toEqual([path, 405, "POST"]);
    }
    expect((await ask("/healthz", "POST")).status).toBe(405);
  });

  test.each([...READINGS, ...ACTS])("%s may not be read from another origin", async (path) => {
    const { url } = shared();
    const headers = { origin: "https://elsewhere.example", authorization: `Bearer ${OPERATE}` };
    const response = await fetch(`${url}${path}`, { headers });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("after ten wrong tokens, at any paths: 429, for the right token too", async () => {
    const { ask } = await start();
    const statuses = [];
    for (let i = 0; i < 12; i += 1) {
      const path = [...READINGS, ...ACTS][i % (READINGS.length + ACTS.length)] ?? "";
      statuses.push((await ask(path, READINGS.includes(path) ? "GET" : "POST", "wrong")).status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    for (const path of READINGS) expect((await ask(path, "GET", OPERATE)).status).toBe(429);
    for (const path of ACTS) expect((await ask(path, "POST", OPERATE)).status).toBe(429);
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
