import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createAuthority } from "../../test/support/certificates.ts";
import { boundConfig, run } from "../../test/support/command.ts";
import { FEW_RULES } from "../../test/support/few-rules.ts";
import { Installation } from "../../test/support/installation.ts";

const installations: Installation[] = [];

afterEach(async () => {
  await Promise.all(installations.splice(0).map((installation) => installation.remove()));
});

function install(overrides: Record<string, unknown> = {}): Installation {
  const installation = new Installation({
    policy: { release: FEW_RULES.open, trust: "unsigned" },
    ...overrides,
  });
  installations.push(installation);
  return installation;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("wrong usage and config end in 2", () => {
  test.each([
    [["no-such-command"]],
    [["serve"]],
    [["serve", "--config"]],
    [["check", "--config", "/nowhere.yaml"]],
    [["serve", "--config", "/nowhere.yaml"]],
    [["keys", "generate", "--out", "/tmp", "--bits", "1024"]],
    [["node-double", "--url", "ftp://a", "--key", "a", "--server-key", "b", "--request", "c"]],
    [["node-double", "--url", "http://a", "--key", "/nowhere", "--server-key", "b", "--request", "/nowhere"]],
  ])("%j", async (options) => {
    const { code, errors } = await run(...options);
    expect(code).toBe(2);
    expect(errors).not.toBe("");
    expect(errors).not.toMatch(/\n\s+at /);
  });

  test("half a client certificate", async () => {
    const { code, errors } = await run("status", "--config", "/nowhere.yaml", "--client-cert", "a.pem");
    expect({ code, errors }).toEqual({ code: 2, errors: "--client-cert and --client-key go together\n" });
  });

  test("a refused config names every problem, with --json as one object", async () => {
    const file = install().write("bad.yaml", "colour: red\nalerts: []\n");
    const { code, errors } = await run("serve", "--config", file);
    expect(code).toBe(2);
    expect(errors).toMatch(/colour: unknown key/);
    expect(errors).toMatch(/alerts: not built yet/);
    const status = await run("status", "--config", file, "--json");
    expect(status.code).toBe(2);
    expect(JSON.parse(status.out)).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([{ path: "colour", message: "unknown key" }]),
    });
  });
});

describe("what was asked for failed: 1", () => {
  test("check of an installation with a missing key, as text and as one object", async () => {
    const installation = install({ signing_key: "./missing.pem" });
    const file = installation.writeConfig();
    const asText = await run("check", "--config", file);
    expect(asText.code).toBe(1);
    expect(asText.out).toMatch(/^error {3}signing_key: .*missing\.pem/m);
    const asJson = await run("check", "--config", file, "--json");
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.out)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ severity: "error", path: "signing_key" })]),
    });
  });

  test("status of a server that does not run, serve on an address that is taken", async () => {
    const installation = install({ listen: { nodes: "127.0.0.1:0", admin: "127.0.0.1:9" } });
    expect((await run("status", "--config", installation.writeConfig())).code).toBe(1);
    installation.config["listen"] = { nodes: "127.0.0.1:0", admin: "127.0.0.1:0" };
    expect(await run("status", "--config", installation.writeConfig())).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/^listen\.admin: port 0/),
    });
    const running = await installation.start();
    const other = install({ listen: { nodes: running.addresses.nodes, admin: "127.0.0.1:0" } });
    const { code, errors } = await run("serve", "--config", other.writeConfig());
    expect(code).toBe(1);
    expect(errors).toMatch(/^listen\.nodes: .*EADDRINUSE/);
  });

  test("a node's request that nobody answers, with its tries", async () => {
    const installation = install();
    const { code, out } = await run(
      ...["node-double", "--url", "http://127.0.0.1:9/v2/check", "--json"],
      ...["--key", installation.write("node.pem", installation.node.privatePem)],
      ...["--server-key", installation.write("server.pub", installation.server.publicPem)],
      ...[
        "--request",
        installation.write("request.json", "{}"),
        "--retry-times",
        "1",
        "--sleep-seconds",
        "0.01",
      ],
    );
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ action: "REJECT", attempts: 2 });
  });
});

describe("done: 0", () => {
  test("help and version", async () => {
    expect(await run("--version")).toMatchObject({ code: 0, out: "0.1.0\n" });
    expect((await run("keys", "--help")).code).toBe(0);
  });

  test("a key pair, and 1 where it is there already", async () => {
    const out = join(mkdtempSync(join(tmpdir(), "keys-")), "keys");
    const first = await run("keys", "generate", "--out", out, "--bits", "2048", "--json");
    expect(first.code).toBe(0);
    expect(JSON.parse(first.out)).toEqual({
      ok: true,
      private_key: join(out, "callback-server-pri.pem"),
      public_key: join(out, "callback-server-pub.key"),
    });
    const pem = readFileSync(join(out, "callback-server-pri.pem"), "utf8");
    expect((await run("keys", "generate", "--out", out, "--bits", "2048")).code).toBe(1);
    expect(readFileSync(join(out, "callback-server-pri.pem"), "utf8")).toBe(pem);
  });

  test("check of a good installation, with warnings", async () => {
    const { code, out } = await run("check", "--config", install().writeConfig(), "--json");
    const { ok, findings } = JSON.parse(out);
    expect(findings).toEqual(
      expect.arrayContaining([expect.objectContaining({ severity: "warning", path: "scope" })]),
    );
    expect({ code, ok }).toEqual({ code: 0, ok: true });
  });
});

describe("a running server", () => {
  test("is asked, reloads on SIGHUP, and ends with 0 on SIGTERM", async () => {
    const installation = install();
    const running = await installation.start();
    const config = boundConfig(installation, running);
    const ping = await run(
      ...["node-double", "--url", `http://${running.addresses.nodes}/v2/check`],
      ...["--key", installation.write("node.pem", installation.node.privatePem)],
      ...["--server-key", installation.write("server.pub", installation.server.publicPem)],
      ...["--request", installation.write("ping.json", JSON.stringify({ request_type: 0 }))],
    );
    expect(ping).toMatchObject({ code: 0, out: expect.stringMatching(/APPROVE\n$/) });

    const asJson = await run("status", "--config", config, "--json");
    expect(JSON.parse(asJson.out)).toMatchObject({
      version: "0.1.0",
      trust: "unsigned",
      nodes: [{ name: "node-1", last_ping: expect.any(Number) }],
    });
    const asText = await run("status", "--config", config);
    expect(asText).toMatchObject({ code: 0, out: expect.stringMatching(/^! UNSIGNED/m) });

    const check = await run("check", "--config", config, "--json");
    expect(JSON.parse(check.out).findings).toEqual(
      expect.arrayContaining([expect.objectContaining({ severity: "warning", path: "listen.nodes" })]),
    );

    running.child.kill("SIGHUP");
    await until(() => running.log.some(({ msg }) => msg === "reloaded"));
    expect(await running.stop("SIGTERM")).toBe(0);
    expect(running.log).toContainEqual(expect.objectContaining({ msg: "stopping", signal: "SIGTERM" }));
  });

  test("over TLS the token goes to the configured certificate only", async () => {
    const [mine, other] = [createAuthority().issue("mine"), createAuthority().issue("other")];
    const admin = { address: "127.0.0.1:0", tls: mine };
    const installation = install({ listen: { nodes: "127.0.0.1:0", admin } });
    const running = await installation.start();
    const config = boundConfig(installation, running);
    expect((await run("status", "--config", config)).code).toBe(0);
    const before = readFileSync(mine.cert);
    writeFileSync(mine.cert, readFileSync(other.cert));
    const refused = await run("status", "--config", config);
    expect(refused).toMatchObject({ code: 1, errors: expect.stringMatching(/another certificate/) });
    writeFileSync(mine.cert, before);
    expect(await running.stop("SIGINT")).toBe(0);
  });

  test("listens without a release, and is not ready", async () => {
    const installation = install({ policy: { release: "./missing.tar.gz", trust: "unsigned" } });
    const { addresses } = await installation.start();
    expect((await fetch(`http://${addresses.admin}/healthz`)).status).toBe(200);
    expect((await fetch(`http://${addresses.admin}/readyz`)).status).toBe(503);
    expect(existsSync(join(installation.folder, "state", "admin.token"))).toBe(true);
  });
});
