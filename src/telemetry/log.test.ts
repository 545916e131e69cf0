import { expect, test } from "vitest";
import { createLog, type DecisionLine } from "./log.ts";

const DECISION: DecisionLine = {
  id: "d_1",
  kind: "transaction_signing",
  channel: "tss.v2",
  outcome: "denied",
  action: "REJECT",
  source: "node-1",
  request_id: "r".repeat(500),
  reasons: [{ code: "NOT_LISTED", rule: "transfer/allowlist" }, { code: "OVER_CAP" }],
  alerts: [{ code: "LARGE" }],
  release: { revision: "7", sequence: 3 },
  timings: { normalize: 0.1234567, evaluate: 0.5, explain: 0, total: 0.9 },
};

function capture(level?: string) {
  const lines: Record<string, unknown>[] = [];
  const clock = { now: 0 };
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, clock, log: createLog({ level, destination, now: () => clock.now }) };
}

test("a decision is one line with the first reason, and a peer's text is cut", () => {
  const { lines, log } = capture();
  log.decision(DECISION);
  expect(lines).toEqual([
    {
      level: "info",
      time: expect.any(String),
      id: "d_1",
      kind: "transaction_signing",
      channel: "tss.v2",
      outcome: "denied",
      action: "REJECT",
      code: "NOT_LISTED",
      rule: "transfer/allowlist",
      reasons: 2,
      alerts: ["LARGE"],
      source: "node-1",
      request_id: `${"r".repeat(256)}…`,
      revision: "7",
      sequence: 3,
      ms: { normalize: 0.123, evaluate: 0.5, explain: 0, total: 0.9 },
      msg: "decision",
    },
  ]);
});

test("members of a decision that are not named are not written", () => {
  const { lines, log } = capture();
  log.decision({ ...DECISION, ...{ facts: { secret: 1 }, input_sha256: "aa" } });
  expect(JSON.stringify(lines)).not.toMatch(/secret|input_sha256/);
});

test("refused tokens: the first of each code in a minute, then how many were left out", () => {
  const { lines, clock, log } = capture();
  for (let i = 0; i < 5; i += 1) log.refusedToken("TOKEN_SIGNATURE", "nodes", "10.0.0.1");
  log.refusedToken("TOKEN_EXPIRED", "nodes", "10.0.0.1");
  expect(lines.map(({ code }) => code)).toEqual(["TOKEN_SIGNATURE", "TOKEN_EXPIRED"]);
  clock.now = 60_000;
  log.refusedToken("TOKEN_SIGNATURE", "nodes", "10.0.0.1");
  expect(lines[2]).toMatchObject({ code: "TOKEN_SIGNATURE", suppressed: 4, msg: "token refused" });
  log.refusedToken("TOKEN_SIGNATURE", "nodes", "10.0.0.1");
  log.flush();
  expect(lines[3]).toMatchObject({ code: "TOKEN_SIGNATURE", suppressed: 1, msg: "tokens refused" });
  expect(lines).toHaveLength(4);
});

test("pushes: one line each, and those that Cobo did not sign sampled apart from tokens", () => {
  const { lines, clock, log } = capture();
  const push = { id: "p_1", channel: "push.mpc", outcome: "flagged", source: "prod" };
  log.push({ ...push, kind: "deposit", status: "success", flags: ["DUST"], request_id: "7", ms: 1.23456 });
  log.push({ ...push, outcome: "pending", flags: [], ms: 1 });
  log.flag({ id: "g_1", severity: "low", rule: "deposit/dust", code: "DUST", message: "little" });
  expect(lines).toEqual([
    {
      level: "info",
      time: expect.any(String),
      ...push,
      kind: "deposit",
      status: "success",
      request_id: "7",
      flags: ["DUST"],
      ms: 1.235,
      msg: "push",
    },
    {
      level: "warn",
      time: expect.any(String),
      ...push,
      outcome: "pending",
      ms: 1,
      msg: "push",
    },
    {
      level: "warn",
      time: expect.any(String),
      id: "g_1",
      severity: "low",
      code: "DUST",
      rule: "deposit/dust",
      detail: "little",
      msg: "flag",
    },
  ]);
  lines.length = 0;
  for (let i = 0; i < 3; i += 1) log.refusedPush("SIGNATURE", "10.0.0.1");
  log.refusedToken("SIGNATURE", "nodes", "10.0.0.1");
  log.unkeptPush("LEDGER_FULL");
  for (let i = 0; i < 2; i += 1) log.oddlyTimedPush("prod", -90_000);
  expect(lines.map(({ msg }) => msg)).toEqual([
    "push refused",
    "token refused",
    "push not kept",
    "push oddly timed",
  ]);
  expect(lines[3]).toMatchObject({ source: "prod", seconds: -90, suppressed: 0 });
  clock.now = 60_000;
  log.refusedPush("SIGNATURE", "10.0.0.1");
  expect(lines[4]).toMatchObject({ code: "SIGNATURE", suppressed: 2 });
  log.flush();
  expect(lines[5]).toMatchObject({ code: "ODDLY_TIMED", suppressed: 1, msg: "pushes refused" });
});

test("an exception's message, which may quote data, is not written; its place is", () => {
  const { lines, log } = capture();
  const cause = Object.assign(new TypeError("the key is 12345"), { code: "E_INNER" });
  log.exception("decide", new Error("token eyJhbGciOi\n  second line", { cause }));
  log.exception("decide", "thrown text 12345");
  expect(JSON.stringify(lines)).not.toMatch(/eyJ|12345|second line/);
  expect(lines[0]).toMatchObject({
    where: "decide",
    error: "Error",
    stack: expect.arrayContaining([expect.stringContaining("log.test.ts")]),
    cause: { error: "TypeError", code: "E_INNER" },
  });
});

test("the level is as told, and info where it is unknown", () => {
  const quiet = capture("error");
  quiet.log.decision(DECISION);
  quiet.log.alarm("POLICY_RESTARTED", "worker", 1);
  expect(quiet.lines.map(({ msg }) => msg)).toEqual(["alarm"]);
  const unknown = capture("loud");
  unknown.log.stopped();
  expect(unknown.lines).toHaveLength(1);
});

test("listening names each address that listens", () => {
  const { lines, log } = capture();
  log.listening({ nodes: "127.0.0.1:1", admin: "127.0.0.1:2" }, "0.1.0");
  expect(lines[0]).toMatchObject({
    msg: "listening",
    addresses: { nodes: "127.0.0.1:1", admin: "127.0.0.1:2" },
    version: "0.1.0",
  });
});
