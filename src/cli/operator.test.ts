import { createHash } from "node:crypto";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askTransfer, boundConfig } from "../../test/support/command.ts";
import { runInside } from "../../test/support/command-inside.ts";
import { FEW_RULES } from "../../test/support/few-rules.ts";
import { Installation, type RunningProcess } from "../../test/support/installation.ts";

const REASON = ["--reason", "node-1 was stolen"];
const ALICE = "a".repeat(43);
const READER = "r".repeat(43);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

let installation: Installation;
let running: RunningProcess;
let config: string;

beforeAll(async () => {
  installation = new Installation({
    policy: { release: FEW_RULES.open, trust: "unsigned" },
    admin_tokens: [
      { name: "alice", sha256: sha256(ALICE), role: "operate" },
      { name: "reader", sha256: sha256(READER), role: "read" },
    ],
  });
  running = await installation.start();
  config = boundConfig(installation, running);
});
afterAll(() => installation.remove());

/** A command of an operator's against the running server. */
function act(...options: string[]) {
  return runInside(...options, "--config", config);
}

async function status() {
  return JSON.parse((await act("status", "--json")).out);
}

const ask = (id: string) => askTransfer(installation, running, id);

describe("wrong usage: 2", () => {
  test.each([
    [["freeze", "all"], /--reason/],
    [["freeze", ...REASON], /scope/],
    [["freeze", "everything", ...REASON], /^scope\.0: not a scope: all, organization:ID/],
    [["freeze", "all", "--reason", " "], /^reason: a reason is required\./],
    [["unfreeze", "f_1"], /--reason/],
    [["unfreeze", ...REASON], /id/],
    [["release", "t"], /--reason/],
    [["release", "t", "--reason", "x".repeat(1_001)], /^reason: at most 1000 characters\./],
    [["prices", "accept", "ETH"], /--reason/],
    [["prices", "accept", ...REASON], /token/],
    [["freeze", "all", ...REASON, "--client-key", "a.pem"], /--client-cert and --client-key go together/],
  ])("%j", async (options, message) => {
    const { code, errors } = await act(...options);
    expect(errors).toMatch(message);
    expect(code).toBe(2);
    expect((await status()).freezes).toEqual([]);
  });

  test("without a config", async () => {
    for (const command of [
      ["freeze", "all"],
      ["unfreeze", "f"],
      ["release", "t"],
      ["prices", "accept", "ETH"],
    ]) {
      expect((await runInside(...command, ...REASON)).code).toBe(2);
      expect((await runInside(...command, ...REASON, "--config", "/nowhere.yaml")).code).toBe(2);
    }
  });
});

describe("what was asked for failed: 1", () => {
  test.each([
    [["unfreeze", "f_1"], "No freeze in force has this id.\n"],
    [["unfreeze", "FREEZE"], /removing the file FREEZE from the state directory/],
    [["release", "nothing"], "No transaction has this name.\n"],
    [["prices", "accept", "ETH"], "No step of this token's price waits to be accepted.\n"],
  ])("%j", async (options, message) => {
    const { code, errors } = await act(...options, ...REASON);
    expect(errors).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
    expect(code).toBe(1);
    const asJson = await act(...options, ...REASON, "--json");
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.out)).toMatchObject({ ok: false, error: expect.stringMatching(/\w/) });
  });

  test("a token that may only read, one that nobody knows, one that is open to others", async () => {
    const freeze = ["freeze", "all", ...REASON, "--token-file"];
    const reader = installation.write("reader.token", READER);
    expect(await act(...freeze, reader)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(
        /^This token may only read\.\nThe file FREEZE .* freezes all without a server/,
      ),
    });
    expect((await act(...freeze, installation.write("other.token", "x".repeat(43)))).code).toBe(1);
    chmodSync(reader, 0o644);
    expect(await act(...freeze, reader)).toMatchObject({ code: 1, errors: expect.stringMatching(/0600/) });
    expect((await status()).freezes).toEqual([]);
  });

  test("a server that does not answer: how to freeze without it", async () => {
    const idle = new Installation();
    const server = await idle.start();
    const options = ["freeze", "all", ...REASON, "--config", boundConfig(idle, server)];
    await server.stop();
    const { code, errors } = await runInside(...options);
    expect(code).toBe(1);
    expect(errors).toMatch(/ECONNREFUSED.*\n.*freezes all without a server/);
    expect(errors).toContain(`touch '${join(idle.folder, "state", "FREEZE")}'`);
    expect(JSON.parse((await runInside(...options, "--json")).out)).toMatchObject({ ok: false });
    await idle.remove();
  });
});

describe("done: 0", () => {
  test("a freeze under the operator's own name, in the status, and what it does to a retry", async () => {
    const token = installation.write("alice.token", ALICE);
    const frozen = await act("freeze", "wallet:elsewhere", "chain:ETH", ...REASON, "--token-file", token);
    expect(frozen).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^frozen: wallet:elsewhere chain:ETH\n/),
    });
    const { freezes, ledger } = await status();
    expect(freezes).toMatchObject([
      { scope: ["wallet:elsewhere", "chain:ETH"], reason: REASON[1], by: "alice", at: expect.any(Number) },
    ]);
    expect(ledger).toMatchObject({ ok: true, newest_at: expect.any(Number) });
    expect((await act("status")).out).toMatch(
      /^frozen {4}wallet:elsewhere chain:ETH since \d+ s, by alice: node-1 was stolen \(f_/m,
    );
    expect(await ask("frozen")).toMatch(/REJECT.*FROZEN/s);

    const lifted = await act("unfreeze", freezes[0].id, "--reason", "found", "--json");
    expect(lifted.code).toBe(0);
    expect(JSON.parse(lifted.out)).toEqual({ ok: true, id: freezes[0].id });
    expect((await status()).freezes).toEqual([]);
    // Refused while it was frozen: refused under its id for good.
    expect(await ask("frozen")).toMatch(/REJECT.*FROZEN/s);
    expect(await ask("new")).toMatch(/APPROVE/);
  });

  test("a release by any name, once", async () => {
    expect(await ask("reserved")).toMatch(/APPROVE/);
    const released = await act("release", "request:api-331", ...REASON);
    expect(released).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /: released 1\n {2}movement \d+: 100000000000000 units of ETH to 0x0f76f604/,
      ),
    });
    const again = await act("release", "cobo:20240904104620000107060000000331", ...REASON, "--json");
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out)).toMatchObject({ ok: true, released: [] });
  });

  test("a price's step, which the status tells until it is accepted", async () => {
    installation.writePrices({ ETH: "30" });
    running.child.kill("SIGHUP");
    await expect.poll(async () => (await status()).prices.refused, { timeout: 10_000 }).toHaveLength(1);
    const { lists } = await status();
    expect(lists).toMatchObject([{ name: "sanctions", entries: 1 }]);
    const text = (await act("status")).out;
    expect(text).toMatch(/^list {6}sanctions: 1 entries, unsigned, read \d+ s ago$/m);
    expect(text).toMatch(/ETH has none: .*30 USD waits for: countersign prices accept ETH$/m);
    const accepted = await act("prices", "accept", "ETH", ...REASON);
    expect(accepted).toMatchObject({ code: 0, out: "accepted: ETH at 30 USD\n" });
    expect((await status()).prices.refused).toEqual([]);
    expect((await act("prices", "accept", "ETH", ...REASON)).code).toBe(1);
  });
});
