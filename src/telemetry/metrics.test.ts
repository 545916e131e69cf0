import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createAlarms } from "./alarms.ts";
import { watchEventLoop } from "./event-loop.ts";
import { createMetrics } from "./metrics.ts";

const still = { delay: () => ({ p50: 0.001, p99: 0.002, max: 0.003 }), stop: () => {} };

function create() {
  const clock = { now: 1_000_000 };
  const metrics = createMetrics({
    version: "0.1.0",
    eventLoop: still,
    inFlight: () => 3,
    now: () => clock.now,
  });
  const read = async (): Promise<string[]> => (await metrics.exposition()).text.split("\n");
  return { clock, metrics, read };
}

test("what happened is counted under its labels", async () => {
  const { clock, metrics, read } = create();
  const timings = { normalize: 1, evaluate: 2, explain: 0, total: 4 };
  const decision = { outcome: "denied", kind: "message_signing", reasons: [{ code: "NOT_LISTED" }], timings };
  metrics.decision(decision);
  metrics.decision(decision);
  metrics.decision({ ...decision, outcome: "approved", reasons: [] });
  metrics.phase("verify", 0.2);
  metrics.tokenRefused("TOKEN_SIGNATURE");
  metrics.unusable("REQUEST_JSON");
  metrics.push({ channel: "push.mpc", kind: "deposit", outcome: "flagged" });
  metrics.push({ channel: "push.custodial", outcome: "pending" });
  metrics.pushRepeated();
  metrics.pushRefused("SIGNATURE");
  metrics.flagged({ code: "DUST", severity: "low" });
  metrics.ping("node-1");
  metrics.httpRejected("nodes", "429");
  metrics.releaseLive({ revision: "1", sequence: 1, sha256: "aa" });
  metrics.releaseLive({ revision: "2", sequence: 2, sha256: "bb" });
  metrics.releaseFailed("builtins");
  metrics.policyRestarted("timeout");
  clock.now += 5_000;
  const lines = await read();
  for (const line of [
    'countersign_decisions_total{outcome="denied",kind="message_signing",code="NOT_LISTED"} 2',
    'countersign_decisions_total{outcome="approved",kind="message_signing",code=""} 1',
    'countersign_phase_seconds_count{phase="total"} 3',
    'countersign_phase_seconds_count{phase="verify"} 1',
    'countersign_phase_seconds_count{phase="explain"} 0',
    'countersign_tokens_refused_total{code="TOKEN_SIGNATURE"} 1',
    'countersign_requests_unusable_total{code="REQUEST_JSON"} 1',
    'countersign_pushes_total{channel="push.mpc",kind="deposit",outcome="flagged"} 1',
    'countersign_pushes_total{channel="push.custodial",kind="",outcome="pending"} 1',
    "countersign_pushes_repeated_total 1",
    'countersign_pushes_refused_total{code="SIGNATURE"} 1',
    'countersign_flags_total{code="DUST",severity="low"} 1',
    'countersign_last_ping_timestamp_seconds{node="node-1"} 1000',
    'countersign_http_rejected_total{listener="nodes",status="429"} 1',
    'countersign_release_info{revision="2",sequence="2",sha256="bb"} 1',
    "countersign_release_age_seconds 5",
    'countersign_release_failures_total{step="builtins"} 1',
    'countersign_policy_restarts_total{reason="timeout"} 1',
    "countersign_in_flight_requests 3",
    'countersign_event_loop_delay_seconds{quantile="0.99"} 0.002',
    'countersign_build_info{version="0.1.0"} 1',
  ]) {
    expect(lines).toContain(line);
  }
  expect(lines.filter((line) => line.startsWith("countersign_release_info"))).toHaveLength(1);
  expect(metrics.lastPings()).toEqual(new Map([["node-1", 1_000_000]]));
});

test("without a release there is no age", async () => {
  const { read } = create();
  expect((await read()).filter((line) => line.startsWith("countersign_release_age_seconds"))).toEqual([]);
});

test("docs/operations.md lists every metric with its labels, and no other", async () => {
  const { metrics } = create();
  const page = await readFile(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/^\| `(countersign_[a-z_]+)` \| (.*?) \| (.*?) \|$/gm)].map(
    ([, name, labels, help]) => `${name} | ${labels} | ${help}`,
  );
  const actual = metrics
    .descriptions()
    .map(
      ({ name, labels, help }) => `${name} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help}`,
    );
  expect(documented).toEqual(actual);
});

test("a loop that is held shows in the delay", async () => {
  const monitor = watchEventLoop();
  await new Promise((resolve) => setTimeout(resolve, 30));
  const until = performance.now() + 80;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(monitor.delay().max).toBeGreaterThan(0.04);
  monitor.stop();
});

test("alarms are logged, counted and listed, the same one once, and boundedly many", async () => {
  const { clock, metrics, read } = create();
  const logged: string[] = [];
  const log = {
    alarm: (code: string, message: string, count: number) => void logged.push(`${code} ${message} ${count}`),
  };
  const alarms = createAlarms(log, metrics, () => clock.now);
  alarms.raise("CHANGED_REQUEST", "node-1 r-1");
  clock.now += 1_000;
  alarms.raise("POLICY_RESTARTED", "deadline");
  alarms.raise("CHANGED_REQUEST", "node-1 r-1");
  expect(logged).toEqual([
    "CHANGED_REQUEST node-1 r-1 1",
    "POLICY_RESTARTED deadline 1",
    "CHANGED_REQUEST node-1 r-1 2",
  ]);
  expect(alarms.list()).toEqual([
    { code: "CHANGED_REQUEST", message: "node-1 r-1", first_at: 1_000_000, last_at: 1_001_000, count: 2 },
    { code: "POLICY_RESTARTED", message: "deadline", first_at: 1_001_000, last_at: 1_001_000, count: 1 },
  ]);
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  alarms.raise("RELEASE_REFUSED", lines.join("\n"));
  alarms.raise("RELEASE_REFUSED", "x".repeat(10_000));
  expect(alarms.list().map(({ message }) => message)).toEqual(
    expect.arrayContaining([`${lines.slice(0, 5).join("\n")}\nand 95 more`, `${"x".repeat(2_000)}…`]),
  );
  for (let i = 0; i < 200; i += 1) alarms.raise("FLOOD", String(i));
  expect(alarms.list()).toHaveLength(100);
  expect(alarms.list()[0]?.message).toBe("199");
  expect(await read()).toContain('countersign_alarms_total{code="CHANGED_REQUEST"} 2');
});
