import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boundConfig } from "../../test/support/command.ts";
import { runInside } from "../../test/support/command-inside.ts";
import { FEW_RULES } from "../../test/support/few-rules.ts";
import { Installation, type RunningProcess } from "../../test/support/installation.ts";
import { depositPush, unreadPush } from "../../test/support/pushes.ts";
import { flagged, LISTED_SOURCE, seeded, told } from "../../test/support/told.ts";
import { judgementId } from "../decisions/decision-id.ts";
import { judgementEntry } from "../decisions/push-entry.ts";
import type { NewFlag } from "../ledger/ledger.ts";

const REASON = ["--reason", "our own exchange account"];
const ADDRESS = "0x66f820a414680b5bcda5eeca5dea238543f42054";
const ESCAPE = "\u001b";

let installation: Installation;
let running: RunningProcess;
let config: string;
/** Ids of pushes, each with its flag's. */
const made: Record<"source" | "spam" | "unread" | "waited" | "repeated", { push: string; flag: string }> = {
  source: { push: "", flag: "" },
  spam: { push: "", flag: "" },
  unread: { push: "", flag: "" },
  waited: { push: "", flag: "" },
  repeated: { push: "", flag: "" },
};

beforeAll(async () => {
  installation = new Installation({ policy: { release: FEW_RULES.open, trust: "unsigned" } });
  await seeded(join(installation.folder, "state"), async (ledger) => {
    const raise = async (
      name: keyof typeof made,
      push: Parameters<typeof told>[1],
      parts: Partial<NewFlag>,
    ) => {
      const flag = flagged(push, parts);
      const reasons = flag.rule === undefined ? [] : [{ ...LISTED_SOURCE, ...pick(flag) }];
      const outcome = flag.code === "UNDECIDED" ? "pending" : "flagged";
      made[name] = { push: await told(ledger, push, { outcome, reasons, flags: [flag] }), flag: flag.id };
    };
    const deposit = { confirmations: 27, threshold: 27, block: { height: 25_660_684, hash: "00ab" } };
    await raise("source", depositPush({ id: "listed", from: [ADDRESS], deposit }), {});
    const message = `a token ${ESCAPE}[31mnobody\nknows`;
    const once = { key: "once" };
    await raise("spam", depositPush({ id: "spam" }), { severity: "low", code: "SPAM", message, ...once });
    await raise("repeated", depositPush({ id: "more-spam" }), {
      severity: "low",
      code: "SPAM",
      message,
      ...once,
    });
    const host = { rule: undefined, values: undefined, severity: "high" } as const;
    await raise("unread", unreadPush({ id: "unread" }), {
      ...host,
      code: "UNREADABLE_PUSH",
      message: "no number",
    });
    await raise("waited", depositPush({ id: "waited" }), {
      ...host,
      code: "UNDECIDED",
      message: "not judged yet",
    });
    const { push, flag } = made.waited;
    const found = { ...LISTED_SOURCE, code: "LATER" };
    const findings = {
      outcome: "flagged",
      reasons: [found],
      alerts: [],
      flags: [],
      resolves: [flag],
    } as const;
    const names = { organization: "", names: ["cobo:waited"] };
    const at = ledger.newestAt();
    const judged = { id: judgementId(), at, push, why: "release", names, findings };
    await ledger.append(judgementEntry(judged)).durable;
  });
  running = await installation.start();
  config = boundConfig(installation, running);
});
afterAll(() => installation.remove());

function pick({ code, message }: NewFlag) {
  return { code, message };
}

function act(...options: string[]) {
  return runInside(...options, "--config", config);
}

/** The flags of a list, by id. */
async function listed(...options: string[]): Promise<string[]> {
  const { code, out } = await act("flags", "list", ...options, "--json");
  expect(code).toBe(0);
  return JSON.parse(out).items.map(({ id }: { id: string }) => id);
}

describe("wrong usage: 2", () => {
  test.each([
    [["flags", "list", "--state", "closed"], /^state: /],
    [["flags", "list", "--severity", "HIGH"], /^severity: /],
    [["flags", "list", "--address", ""], /^address: empty\./],
    [["flags", "list", "--limit", "501"], /^--limit: 1 to 500/],
    [["flags", "list", "--limit", "many"], /^--limit: 1 to 500/],
    [["flags", "list", "--cursor", "nonsense"], /^cursor: not one of this list\./],
    [["flags", "resolve", "g_1"], /--reason/],
    [["flags", "resolve", ...REASON], /id/],
    [["flags", "resolve", "g_1", "--reason", " "], /^reason: a reason is required\./],
    [["flags"], /list/],
  ])("%j", async (options, message) => {
    const { code, errors } = await act(...options);
    expect(errors).toMatch(message);
    expect(code).toBe(2);
  });
});

describe("what was asked for failed: 1", () => {
  test("a flag that is not there, and one that is resolved already", async () => {
    for (const [id, message] of [
      ["g_1", "No flag has this id."],
      [made.waited.flag, "This flag is resolved already."],
    ] as const) {
      expect(await act("flags", "resolve", id, ...REASON)).toMatchObject({ code: 1, errors: `${message}\n` });
      const { out } = await act("flags", "resolve", id, ...REASON, "--json");
      expect(JSON.parse(out)).toEqual({ ok: false, error: message });
    }
  });
});

describe("the list", () => {
  test("open ones, unless asked otherwise; by severity, and by an address in any case", async () => {
    const open = [made.unread.flag, made.spam.flag, made.source.flag];
    expect(await listed()).toEqual(open);
    expect(await listed("--state", "resolved")).toEqual([made.waited.flag]);
    expect(await listed("--state", "all")).toEqual([made.waited.flag, ...open]);
    expect(await listed("--severity", "critical")).toEqual([made.source.flag]);
    expect(await listed("--address", ADDRESS.toUpperCase().replace("0X", "0x"))).toEqual([made.source.flag]);
    expect(await listed("--address", "0xnobody")).toEqual([]);
  });

  test("by pages", async () => {
    const { out } = await act("flags", "list", "--limit", "2", "--json");
    const { items, next } = JSON.parse(out);
    expect(items).toHaveLength(2);
    expect(await listed("--limit", "2", "--cursor", next)).toEqual([made.source.flag]);
    expect((await act("flags", "list", "--limit", "2")).out).toContain(`older ones: --cursor ${next}\n`);
  });

  test("for people: what, why, of which transaction, about whom; nothing of it steers a terminal", async () => {
    const { out } = await act("flags", "list");
    expect(out).toMatch(/^critical {2}DEPOSIT_SOURCE {2}deposit\/source {2}open {2}g_/m);
    expect(out).toContain('          0xfrom is on the list of sanctions\n          {"list":"sanctions"}\n');
    expect(out).toMatch(/^ {10}cobo:listed ETH on ETH, \d{4}-/m);
    expect(out).toContain(`          paid into 0xto\n          sender ${ADDRESS}\n`);
    expect(out).not.toContain(ESCAPE);
    expect(out).toContain("a token  [31mnobody knows\n");
    expect((await act("flags", "list", "--address", "0xnobody")).out).toBe("no open flags\n");
    expect((await act("flags", "list", "--state", "resolved")).out).toMatch(
      /resolved by the server itself at .*: judged again: release\n/,
    );
  });
});

describe("explain", () => {
  test("a push: what was received and found, its flag, what stands, and what to do", async () => {
    const { code, out } = await act("explain", made.source.push);
    expect(code).toBe(0);
    expect(out).toMatch(/^FLAGGED {2}deposit {2}p_/);
    expect(out).toMatch(/^received {2}.* by push\.mpc, signed by cobo$/m);
    expect(out).toContain("          success, 27 of 27 confirmations\n          transaction cobo:listed\n");
    expect(out).toContain("          block 25660684 00ab\n");
    expect(out).toContain(`          from ${ADDRESS}\n          to 0xto: 1 ETH on ETH\n`);
    expect(out).toContain("found     DEPOSIT_SOURCE  deposit/source  critical\n");
    expect(out).toMatch(/^flag {6}critical {2}DEPOSIT_SOURCE .* open/m);
    expect(out).toContain("stands    success, by this message\n");
    expect(out).toMatch(
      new RegExp(`^next .*\\n.*countersign flags resolve ${made.source.flag} --reason`, "m"),
    );
    const { out: json } = await act("explain", made.source.push, "--json");
    expect(JSON.parse(json)).toMatchObject({
      ...{ push: { id: made.source.push, status: "success" }, document: { deposit: { confirmations: 27 } } },
      flags: [{ id: made.source.flag, state: "open" }],
      ...{ claims: { key: "cobo" }, request: expect.stringMatching(/^\{/) },
    });
  });

  test("by the id of its flag", async () => {
    expect((await act("explain", made.source.flag)).out).toBe((await act("explain", made.source.push)).out);
  });

  test("one that nobody could read: the message itself", async () => {
    const { out } = await act("explain", made.unread.push);
    expect(out).toMatch(/^FLAGGED {2}a message that could not be read {2}p_/);
    expect(out).toContain('          message: {"amount":"one","salt":""}\n');
    expect(out).toContain("stands    nothing: no message of it could be read\n");
    expect(out).toMatch(/^next {6}Cobo has its ok and does not send it again/m);
  });

  test("one that was judged later: the newest word on it", async () => {
    const { out } = await act("explain", made.waited.push);
    expect(out).toMatch(/^FLAGGED/);
    expect(out).toContain("found     LATER  deposit/source  critical\n");
    expect(out).toMatch(/^judged {4}again at .*, by release: flagged \(entry 6\)$/m);
    expect(out).toMatch(/^flag {6}high {6}UNDECIDED .* resolved/m);
  });

  test("one that is flagged with another transaction", async () => {
    const { out } = await act("explain", made.repeated.push);
    expect(out).toContain("found     SPAM");
    expect(out).not.toMatch(/^flag /m);
    expect(out).toMatch(/^next {6}book nothing of it: .* first transaction of its kind/m);
  });
});

describe("done: 0", () => {
  test("the status counts them, one is resolved, and the status counts one less", async () => {
    expect((await act("status")).out).toMatch(
      /^flags {5}open: 1 critical, 1 high, 1 low; countersign flags list$/m,
    );
    const resolved = await act("flags", "resolve", made.source.flag, ...REASON);
    expect(resolved).toMatchObject({
      code: 0,
      out: `resolved: ${made.source.flag}, DEPOSIT_SOURCE of cobo:listed\n`,
    });
    const { out } = await act("flags", "resolve", made.spam.flag, ...REASON, "--json");
    expect(JSON.parse(out)).toMatchObject({
      ...{ ok: true, flag: { id: made.spam.flag, state: "resolved" } },
    });
    expect((await act("status")).out).toMatch(/^flags {5}open: 1 high;/m);
    expect((await act("explain", made.source.push)).out).toMatch(
      /resolved by local at .*: our own exchange account$/m,
    );
    await act("flags", "resolve", made.unread.flag, ...REASON);
    const { out: text } = await act("status");
    expect(text).not.toMatch(/^flags/m);
    expect(JSON.parse((await act("status", "--json")).out).flags).toMatchObject({ critical: 0, low: 0 });
  });
});
