import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { decided } from "../../test/support/decisions.ts";
import { withoutEnd } from "../../test/support/endless-rego.ts";
import { beside, opened, stateDirectory } from "../../test/support/ledger.ts";
import { releaseOf } from "../../test/support/rego.ts";
import { LedgerQueries } from "../ledger/ledger-queries.ts";
import type { SqliteLedger } from "../ledger/open.ts";
import type { LiveRelease } from "../policy/live.ts";
import { LateReleaseError, PassingReleaseError, ReleaseError } from "../policy/release.ts";
import { type GateOptions, type GateRun, ReplayGate } from "./gate.ts";

const DAY_MS = 86_400_000;

const rule = (name: string, custom: string, body: string) => ({
  [`rules/transfer/${name}/rule.rego`]: `# METADATA
# title: ${name}
# description: For the tests.
# custom:
#   severity: low
#   kinds: [transaction_signing]
${custom
  .split("\n")
  .map((line) => `#   ${line}`)
  .join("\n")}
package rules.transfer.${name}

${body}
`,
});

/** Approves what is paid to `0xto`, in time where its description does not say otherwise. */
const RULES = {
  "data.yaml": "nothing: true\n",
  ...rule(
    "ordinary",
    "approves: [ORDINARY]",
    `approve["ORDINARY"] if {
	every destination in input.transaction.destinations {
		destination.address == "0xto"
	}
}`,
  ),
  ...rule(
    "ends",
    "requires: {ENDS: deny}\noptional: [transaction.description]",
    `word := 1 if true

word := 2 if input.transaction.description == "fail"

ends if not input.transaction.description == "loop"

ends if {
	input.transaction.description == "loop"
	${withoutEnd("input.now.ms")}
}

require["ENDS"] if {
	word == 1
	ends
}`,
  ),
};

let next: LiveRelease;
beforeAll(async () => {
  next = await releaseOf(RULES, { evaluationMs: 200 });
}, 60_000);
afterAll(() => next.engine.close());

let directory: string;
let ledger: SqliteLedger;
beforeEach(async () => {
  directory = stateDirectory();
  ({ ledger } = await opened(directory));
});

/** A gate, and what its run came to. */
function gateOf(options: Partial<GateOptions> = {}) {
  const history = new LedgerQueries(join(directory, "ledger.db"));
  onTestFinished(() => history.close());
  const ended: GateRun[] = [];
  const gate = new ReplayGate({
    ...{ history, replayMs: 7 * DAY_MS, maxNewlyApproved: 0, limitMs: 60_000, now: Date.now },
    onEnd: (run) => ended.push(run),
    ...options,
  });
  const refusal = async (): Promise<unknown> => {
    try {
      await gate.check(next);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  return { gate, ended, refusal };
}

const refused = (parts: Parameters<typeof decided>[1] = {}) =>
  decided(ledger, { outcome: "denied", ...parts });
const said = (description: string) => ({ transaction: { description } });

describe("is refused", () => {
  it("what would be newly approved, with the rules that refused it and the newest of them", async () => {
    for (let times = 0; times < 4; times += 1) await refused();
    const other = await refused({ reason: ["limits/other", "OTHER"] });
    await refused({ transaction: { destinations: [{ address: "0xelsewhere" }] } });
    await decided(ledger);
    const { ended, refusal } = gateOf({ maxNewlyApproved: 4 });
    const error = await refusal();
    expect(error).toBeInstanceOf(ReleaseError);
    expect(error).not.toBeInstanceOf(LateReleaseError);
    expect(error).toMatchObject({
      step: "gate",
      message: expect.stringMatching(
        /^5 of 7 decisions of the last 7 days would be newly approved, at most 4 may be: 4 refused by limits\/daily DAILY_LIMIT \(d_\w+ d_\w+ d_\w+\), 1 refused by limits\/other OTHER \(d_/,
      ),
    });
    expect(String(error)).toContain(other);
    expect(ended).toMatchObject([
      { state: "refused", replay: { replayed: 7, newly_approved: { count: 5 } } },
    ]);
    expect(await gateOf({ maxNewlyApproved: 5 }).refusal()).toBeUndefined();
  });

  it("where fewer could be judged than could not: pruned, of another version, failing in it", async () => {
    await refused({ transaction: { destinations: [{ address: "0xelsewhere" }] } });
    await refused(said("fail"));
    const pruned = await refused();
    expect(await gateOf({ maxNewlyApproved: 1 }).refusal()).toBeUndefined();
    beside(directory)
      .prepare("DELETE FROM bodies WHERE seq = (SELECT seq FROM entries WHERE id = ?)")
      .run(pruned);
    const { refusal, ended } = gateOf();
    expect(await refusal()).toMatchObject({
      step: "gate",
      message:
        "only 1 of 3 decisions of the last 7 days could be judged: 1 failed in this release, 1 are pruned, 0 not readable any more",
    });
    expect(ended[0]?.replay).toMatchObject({ pruned: 1, failed: { count: 1 } });
  });
});

describe("is judged by what it says", () => {
  it("also where the run takes longer than it may go unconfirmed: nobody looks at its place meanwhile", async () => {
    const hour = 3_600_000;
    const late = await releaseOf(RULES, { maxAgeMs: hour, confirmedAt: Date.now() - hour });
    onTestFinished(() => late.engine.close());
    const id = await refused();
    const { gate, ended } = gateOf();
    await expect(gate.check(late)).rejects.toMatchObject({
      ...{ step: "gate", message: expect.stringContaining(id) },
    });
    expect(ended).toMatchObject([{ replay: { newly_approved: { count: 1 }, failed: { count: 0 } } }]);
    expect(late.age.refusalAt(Date.now())).toBeUndefined();
  });
});

describe("is late, which may pass", () => {
  it("where an evaluation ran into its limit: it may have been the machine", async () => {
    const late = await refused(said("loop"));
    const { refusal, ended } = gateOf({ maxNewlyApproved: 100 });
    const error = await refusal();
    expect(error).toBeInstanceOf(LateReleaseError);
    expect(error).toMatchObject({ step: "gate", message: expect.stringContaining(late) });
    expect(ended[0]?.state).toBe("late");
  });

  it("where it takes longer than it may", async () => {
    for (let times = 0; times < 20; times += 1) await refused();
    const { refusal, gate } = gateOf({ limitMs: 1 });
    const error = await refusal();
    expect(error).toBeInstanceOf(LateReleaseError);
    expect(error).toMatchObject({
      step: "gate",
      message: expect.stringMatching(/longer than policy.gate.limit/),
    });
    expect(gate.run).toMatchObject({ state: "late", release: next.identity });
  });

  it("where the server stops meanwhile, or the ledger can't be read", async () => {
    await refused();
    const { refusal, gate } = gateOf();
    const error = refusal();
    gate.close();
    expect(await error).toBeInstanceOf(PassingReleaseError);
    const history = new LedgerQueries(join(directory, "none.db"));
    onTestFinished(() => history.close());
    const unread = await gateOf({ history }).refusal();
    expect(unread).toBeInstanceOf(PassingReleaseError);
    expect(unread).toMatchObject({ step: "gate", message: expect.stringMatching(/can't be read/) });
  });
});

describe("passes", () => {
  it("where there is no past, and where it is older than what is asked for", async () => {
    expect(await gateOf().refusal()).toBeUndefined();
    const { ledger: old } = await opened(stateDirectory());
    await decided(old, { outcome: "denied", at: Date.now() - 3 * DAY_MS });
    await old.close();
    await refused({ at: Date.now() - 3 * DAY_MS });
    expect(await gateOf({ replayMs: 2 * DAY_MS }).refusal()).toBeUndefined();
    expect(await gateOf({ replayMs: 4 * DAY_MS }).refusal()).toMatchObject({ step: "gate" });
  });

  it("what was live last, without being asked; what failed then, and what the host refused, says nothing", async () => {
    await refused({ outcome: "failed" });
    const { gate, ended, refusal } = gateOf();
    gate.skip(next);
    expect(await refusal()).toBeUndefined();
    expect(ended).toMatchObject([{ state: "skipped" }, { state: "passed", replay: { failed_then: 1 } }]);
  });
});
