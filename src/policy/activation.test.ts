import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { opened, stateDirectory } from "../../test/support/ledger.ts";
import { proveOnce } from "../../test/support/prove-once.ts";
import {
  DAY_MS,
  type PublisherKey,
  publisherKey,
  rfc3339,
  type Says,
  says,
  statementOf,
} from "../../test/support/publisher.ts";
import { digestOf, type SmallReleases, smallReleases } from "../../test/support/small-releases.ts";
import { watchedNiceness } from "../../test/support/threads.ts";
import { LedgerReleases } from "../decisions/release-history.ts";
import { LedgerError } from "../ledger/ledger.ts";
import type { SqliteLedger } from "../ledger/open.ts";
import { Activation, type Candidate, type ReleaseGate, type ReleaseHistory } from "./activation.ts";
import { type LiveEvent, LivePolicy } from "./live.ts";
import { LateReleaseError, PassingReleaseError, ReleaseError } from "./release.ts";
import { ReleaseStore } from "./release-store.ts";
import { TrustStore } from "./trust-store.ts";

let releases: SmallReleases;
let key: PublisherKey;
let next: PublisherKey;
beforeAll(async () => {
  [releases, key, next] = await Promise.all([smallReleases(), publisherKey(), publisherKey("p256")]);
});

let directory: string;
let ledger: SqliteLedger;
beforeEach(async () => {
  directory = stateDirectory();
  ({ ledger } = await opened(directory));
});

const releasesOf = () => join(directory, "releases");

/** An archive with a statement about it. */
async function signed(
  name: keyof SmallReleases,
  members: Says = {},
  by: PublisherKey = key,
): Promise<Candidate> {
  const archive = releases[name];
  const payload = says(digestOf(archive), { revision: name, ...members });
  return { archive, statement: await statementOf(payload, by) };
}

/** Its statement was made so long ago. */
function madeAgo(name: keyof SmallReleases, ms: number, members: Says = {}): Promise<Candidate> {
  return signed(name, { created_at: rfc3339(Date.now() - ms), ...members });
}

interface Life {
  readonly activation: Activation;
  readonly live: LivePolicy;
  readonly events: LiveEvent[];
  readonly problems: ReleaseError[];
  readonly store: ReleaseStore;
}

/** A process, as far as releases go; the ledger is the same in all of them unless another one is given. */
async function life(
  how: {
    by?: PublisherKey;
    ledger?: SqliteLedger;
    history?: ReleaseHistory;
    maxAgeMs?: number;
    now?: () => number;
    trusted?: readonly PublisherKey[];
    startMs?: () => number;
    gate?: ReleaseGate;
  } = {},
): Promise<Life> {
  const events: LiveEvent[] = [];
  const problems: ReleaseError[] = [];
  const live = new LivePolicy((event) => events.push(event));
  onTestFinished(() => live.close());
  const onProblem = (error: ReleaseError): void => void problems.push(error);
  const store = await ReleaseStore.open(releasesOf(), { confirmEveryMs: 0, failed: onProblem });
  const trust = new TrustStore({
    keys: (how.trusted ?? [how.by ?? key]).map(({ verifying }) => verifying),
    threshold: 1,
    audience: "production",
    maxLifetimeMs: 90 * DAY_MS,
  });
  const past = new LedgerReleases(how.ledger ?? ledger, how.now ?? Date.now);
  const history = how.history ?? past;
  const activation = new Activation({
    ...{ live, trust, prover: proveOnce, store, history, onProblem, source: "test", evaluationMs: 1_000 },
    now: () => past.now(),
    ...{ maxAgeMs: how.maxAgeMs, gate: how.gate },
    get startMs() {
      return how.startMs?.() ?? 60_000;
    },
  });
  return { activation, live, events, problems, store };
}

async function refusal(here: Life, candidate: Candidate): Promise<string> {
  try {
    await here.activation.offer(candidate, false);
    return "none";
  } catch (error) {
    if (error instanceof ReleaseError) return error.step;
    throw error;
  }
}

const entries = () => ledger.entriesOf(["release"]).map(({ row }) => JSON.parse(row));

describe("a candidate is refused, and what is live stays", () => {
  it.each<[string, () => Promise<Candidate>, string]>([
    ["without a statement", async () => ({ archive: releases.second }), "statement"],
    ["signed by a stranger", async () => signed("second", { sequence: 2 }, next), "signatures"],
    ["for another audience", async () => signed("second", { sequence: 2, audience: "staging" }), "audience"],
    ["older", async () => signed("second", { sequence: 0 }), "sequence"],
    ["of the same sequence", async () => signed("second"), "sequence"],
    [
      "expired",
      async () => signed("second", { sequence: 2, expires_at: rfc3339(Date.now() - 1_000) }),
      "time",
    ],
    [
      "not what was signed",
      async () => ({ ...(await signed("second", { sequence: 2 })), archive: releases.first }),
      "digest",
    ],
    ["called otherwise inside", async () => signed("second", { sequence: 2, revision: "third" }), "archive"],
    ["refused by the guard", async () => signed("generous", { sequence: 2 }), "guard"],
  ])("%s", async (_name, candidate, step) => {
    const here = await life();
    expect(await refusal(here, await signed("first"))).toBe("none");
    const before = here.live.current;
    expect(await refusal(here, await candidate())).toBe(step);
    expect(here.live.current).toBe(before);
    expect(before?.isServing()).toBe(true);
    expect(entries()).toHaveLength(1);
    // After a restart too.
    const later = await life();
    expect(await later.activation.fallBack(false)).toBe(true);
    expect(later.live.current?.identity).toEqual(before?.identity);
  });
});

describe("never backwards", () => {
  it("an older release, whatever is lost but the ledger", async () => {
    const here = await life();
    await here.activation.offer(await signed("second", { sequence: 7 }), false);
    rmSync(releasesOf(), { recursive: true });
    expect(await refusal(await life(), await signed("first", { sequence: 6 }))).toBe("sequence");
    expect(await refusal(await life(), await signed("first", { sequence: 7 }))).toBe("sequence");
    expect(await refusal(await life(), await signed("second", { sequence: 7 }))).toBe("none");
    expect(await refusal(await life(), await signed("first", { sequence: 8 }))).toBe("none");
  });

  it("an older release, where the ledger is lost but not the last good one", async () => {
    const here = await life();
    await here.activation.offer(await signed("second", { sequence: 7 }), false);
    const { ledger: empty } = await opened(stateDirectory());
    expect(await refusal(await life({ ledger: empty }), await signed("first", { sequence: 6 }))).toBe(
      "sequence",
    );
  });

  it("in one audience; what was live for another one, or unsigned, says nothing", async () => {
    const history = new LedgerReleases(ledger, Date.now);
    await history.record({ revision: "u", sequence: 0, sha256: "ab".repeat(32) }, undefined);
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 0 }), false);
    expect(here.live.current?.identity).toMatchObject({ sequence: 0, revision: "first" });
    expect(history.highest("production")).toEqual({ sequence: 0, sha256: digestOf(releases.first) });
    expect(history.highest("staging")).toBeUndefined();
  });

  it("and it is on the disk before it decides", async () => {
    const here = await life();
    let known: unknown;
    const { replace } = LivePolicy.prototype;
    here.live.replace = (release) => {
      known = entries();
      replace.call(here.live, release);
    };
    await here.activation.offer(await signed("first", { sequence: 3 }), false);
    expect(known).toMatchObject([
      {
        type: "release",
        ...{ revision: "first", sequence: 3, sha256: digestOf(releases.first) },
        ...{ audience: "production", signed_by: [key.kid], expires_at: expect.any(Number) },
      },
    ]);
    expect((await here.store.last())?.archive.length).toBe(releases.first.length);
  });
});

describe("what is the machine's fault", () => {
  it("a ledger that can't be read: it does not go live, and may a moment later", async () => {
    const elsewhere = stateDirectory();
    const { ledger: broken } = await opened(elsewhere);
    await broken.close();
    const here = await life({ ledger: broken });
    const candidate = await signed("first");
    const error = await here.activation.offer(candidate, false).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PassingReleaseError);
    expect(error).toMatchObject({ step: "ledger" });
    expect(here.live.current).toBeUndefined();
  });

  it("a ledger that fails when it is told: nothing is live, and nothing is in quarantine", async () => {
    const here = await life();
    await here.activation.offer(await signed("first"), false);
    await ledger.close();
    const before = here.live.current;
    expect(await refusal(here, await signed("second", { sequence: 2 }))).toBe("ledger");
    expect(here.live.current).toBe(before);
    expect(here.activation.quarantined).toEqual([]);
  });

  it("a folder that can't be written: it does not go live, and the old one decides on", async () => {
    const here = await life();
    await here.activation.offer(await signed("first"), false);
    const before = here.live.current;
    mkdirSync(join(releasesOf(), `${digestOf(releases.second)}.tar.gz`, "x"), { recursive: true });
    expect(await refusal(here, await signed("second", { sequence: 2 }))).toBe("store");
    expect(here.live.current).toBe(before);
    expect(before?.isServing()).toBe(true);
    expect(entries()).toHaveLength(1);
    expect(here.activation.quarantined).toEqual([]);
  });
});

describe("a machine that is too busy", () => {
  it("puts nothing in quarantine: anybody can make it busy", async () => {
    const here = await life({ startMs: () => 0 });
    const candidate = await signed("first");
    expect(await refusal(here, candidate)).toBe("warm_up");
    expect(here.activation.quarantined).toEqual([]);
    expect(await refusal(await life(), candidate)).toBe("none");
  });

  it("does not keep the last good release from being tried again", async () => {
    await (await life()).activation.offer(await signed("first"), false);
    let startMs = 0;
    const here = await life({ startMs: () => startMs });
    expect(await here.activation.fallBack(false)).toBe(false);
    expect(here.problems.map(({ step }) => step)).toEqual(["warm_up"]);
    startMs = 60_000;
    expect(await here.activation.fallBack(false)).toBe(true);
  });
});

describe("quarantine", () => {
  it("is for a signed archive that is no good, also after a restart, until a higher sequence", async () => {
    const here = await life();
    expect(await refusal(here, await signed("generous", { sequence: 2 }))).toBe("guard");
    expect(here.activation.quarantined).toMatchObject([
      { sha256: digestOf(releases.generous), sequence: 2, step: "guard" },
    ]);
    expect(await refusal(here, await signed("generous", { sequence: 2 }))).toBe("quarantine");
    const later = await life();
    expect(await refusal(later, await signed("generous", { sequence: 1 }))).toBe("quarantine");
    expect(await refusal(later, await signed("generous", { sequence: 3 }))).toBe("guard");
    expect(later.activation.quarantined).toMatchObject([{ sequence: 3 }]);
    expect(await refusal(later, await signed("first", { sequence: 2 }))).toBe("none");
  });

  it("is not for what anybody without keys can make of a good release", async () => {
    const here = await life();
    const good = await signed("first", { sequence: 2 });
    for (const bad of [
      { ...good, archive: releases.generous },
      { ...good, archive: new Uint8Array([1, 2, 3]) },
      { ...good, statement: await statementOf(says(digestOf(releases.generous)), next) },
      { ...good, statement: undefined },
      await signed("first", { sequence: 2, audience: "staging" }),
      await signed("first", { sequence: 2, expires_at: rfc3339(Date.now() - 1_000) }),
    ]) {
      expect(await refusal(here, bad)).not.toBe("none");
    }
    expect(here.activation.quarantined).toEqual([]);
    expect(await refusal(here, good)).toBe("none");
  });
});

describe("what is live already", () => {
  it("is confirmed, also under one signature more", async () => {
    const here = await life({ maxAgeMs: DAY_MS });
    const candidate = await signed("first");
    expect(await here.activation.offer(candidate, false)).toBe(true);
    const { current } = here.live;
    const later = Date.now() + 1_000;
    current?.age.confirm(later - DAY_MS);
    expect(current?.age.refusalAt(later)?.code).toBe("POLICY_STALE");
    expect(await here.activation.offer(candidate, false)).toBe(false);
    expect(current?.age.refusalAt(later)).toBeUndefined();
    const payload = JSON.parse(
      Buffer.from(JSON.parse(String(candidate.statement)).payload, "base64url").toString(),
    );
    const more = { ...candidate, statement: await statementOf(payload, next, key) };
    expect(await here.activation.offer(more, false)).toBe(false);
    expect(here.live.current).toBe(current);
  });

  it("is kept with one signature more, and never with one less: then a key can be removed", async () => {
    const here = await life({ trusted: [key, next] });
    const members = { revision: "first" };
    const payload = says(digestOf(releases.first), members);
    const by = async (...keys: PublisherKey[]) => ({
      archive: releases.first,
      statement: await statementOf(payload, ...keys),
    });
    await here.activation.offer(await by(key), false);
    expect(await here.activation.offer(await by(key, next), false)).toBe(false);
    expect(await here.activation.offer(await by(key), false)).toBe(false);
    const later = await life({ trusted: [next] });
    expect(await later.activation.fallBack(false)).toBe(true);
    expect(later.live.current?.statement?.signedBy).toEqual([next.kid]);
  });

  it("goes live anew where it was signed anew: it lasts longer", async () => {
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 1 }), false);
    const old = here.live.current;
    const expires = Date.now() + 60 * DAY_MS;
    const renewed = await signed("first", { sequence: 2, expires_at: rfc3339(expires) });
    expect(await here.activation.offer(renewed, true)).toBe(true);
    expect(here.live.current?.identity).toEqual({ ...old?.identity, sequence: 2 });
    expect(here.live.current?.age.expiresAt).toBe(Math.floor(expires / 1_000) * 1_000);
    expect(entries().map(({ sequence }) => sequence)).toEqual([1, 2]);
  });
});

describe("the last good release", () => {
  it("is live again after a restart, as old as it is, and what is wrong with the source stays said", async () => {
    const first = await life({ maxAgeMs: DAY_MS });
    const candidate = await signed("first", { sequence: 4 });
    await first.activation.offer(candidate, false);
    const confirmedAt = first.live.current?.age.confirmedAt;
    const here = await life({ maxAgeMs: DAY_MS });
    here.live.refuse(new ReleaseError("source", "gone"));
    expect(await here.activation.fallBack(false)).toBe(true);
    const { current } = here.live;
    expect(current?.identity).toMatchObject({ revision: "first", sequence: 4 });
    expect(here.live.lastError?.step).toBe("source");
    // Confirmed when it went live, and not by the restart.
    expect(current?.age.confirmedAt).toBeGreaterThanOrEqual(confirmedAt ?? Number.NaN);
    expect(current?.age.confirmedAt).toBeLessThan(current?.activatedAt ?? 0);
    expect(current?.age.refusalAt((current?.age.confirmedAt ?? 0) + DAY_MS)?.code).toBe("POLICY_STALE");
    // The source has it again.
    expect(await here.activation.offer(candidate, false)).toBe(false);
    expect(here.live.lastError).toBeUndefined();
  });

  it("is stale where it was confirmed in the future: by a wrong clock, or so somebody wrote", async () => {
    const first = await life();
    await first.activation.offer(await madeAgo("first", 2 * DAY_MS), false);
    await first.store.confirm(digestOf(releases.first), Date.now() + 365 * DAY_MS);
    const here = await life({ maxAgeMs: DAY_MS });
    expect(await here.activation.fallBack(false)).toBe(true);
    expect(here.live.current?.age.refusalAt(Date.now())?.code).toBe("POLICY_STALE");
  });

  it("is stale then also where its statement is of a moment ago", async () => {
    const first = await life();
    await first.activation.offer(await signed("first"), false);
    await first.store.confirm(digestOf(releases.first), Date.now() + DAY_MS);
    const here = await life({ maxAgeMs: DAY_MS });
    expect(await here.activation.fallBack(false)).toBe(true);
    expect(here.live.current?.age.refusalAt(Date.now())?.code).toBe("POLICY_STALE");
    await here.activation.offer(await signed("first"), false);
    expect(here.live.current?.age.refusalAt(Date.now())).toBeUndefined();
  });

  it("is as old as its statement where nobody knows when it was confirmed", async () => {
    await (await life()).activation.offer(await madeAgo("first", 2 * DAY_MS), false);
    rmSync(join(releasesOf(), "state.json"));
    const stale = await life({ maxAgeMs: DAY_MS });
    expect(await stale.activation.fallBack(false)).toBe(true);
    expect(stale.live.current?.age.refusalAt(Date.now())?.code).toBe("POLICY_STALE");
    const good = await life({ maxAgeMs: 3 * DAY_MS });
    expect(await good.activation.fallBack(false)).toBe(true);
    expect(good.live.current?.age.refusalAt(Date.now())).toBeUndefined();
    expect(good.live.current?.age.confirmedAt).toBe(good.live.current?.statement?.created_at);
  });

  it.each<[string, () => Promise<Life>, string | undefined]>([
    ["there is none", async () => life(), undefined],
    [
      "its key is trusted no more",
      async () => {
        await (await life()).activation.offer(await signed("first"), false);
        return life({ by: next });
      },
      "signatures",
    ],
    [
      "it has expired",
      async () => {
        await (await life()).activation.offer(await signed("first"), false);
        return life({ now: () => Date.now() + 31 * DAY_MS });
      },
      "time",
    ],
    [
      "its archive was changed",
      async () => {
        await (await life()).activation.offer(await signed("first"), false);
        writeFileSync(join(releasesOf(), `${digestOf(releases.first)}.tar.gz`), releases.generous);
        return life();
      },
      "digest",
    ],
    [
      "it is older than what the ledger has",
      async () => {
        await (await life()).activation.offer(await signed("first", { sequence: 1 }), false);
        const history = new LedgerReleases(ledger, Date.now);
        const payload = says(digestOf(releases.second), { revision: "second", sequence: 2 });
        const trust = new TrustStore({
          ...{ keys: [key.verifying], threshold: 1, audience: "production", maxLifetimeMs: 90 * DAY_MS },
        });
        const statement = await trust.recognize(await statementOf(payload, key));
        await history.record({ revision: "second", sequence: 2, sha256: statement.sha256 }, statement);
        return life();
      },
      "sequence",
    ],
  ])("is not used where %s", async (_name, prepare, step) => {
    const here = await prepare();
    expect(await here.activation.fallBack(false)).toBe(false);
    expect(here.live.current).toBeUndefined();
    expect(here.problems.map((problem) => problem.step)).toEqual(step === undefined ? [] : [step]);
  });
});

describe("the last good release, tried again", () => {
  it("is what it was refused for good; where the machine failed, it goes live when it does not", async () => {
    await (await life()).activation.offer(await signed("first"), false);
    const strange = await life({ by: next });
    expect([await strange.activation.fallBack(false), await strange.activation.fallBack(false)]).toEqual([
      false,
      false,
    ]);
    expect(strange.problems.map(({ step }) => step)).toEqual(["signatures"]);

    const { ledger: broken } = await opened(stateDirectory());
    await broken.close();
    let now = new LedgerReleases(broken, Date.now);
    const { live, activation, problems } = await life({
      history: {
        highest: (audience) => now.highest(audience),
        last: () => now.last(),
        record: (identity, statement) => now.record(identity, statement),
      },
    });
    expect([await activation.fallBack(false), await activation.fallBack(false)]).toEqual([false, false]);
    expect(problems.map(({ step }) => step)).toEqual(["ledger"]);
    now = new LedgerReleases(ledger, Date.now);
    expect(await activation.fallBack(false)).toBe(true);
    expect(live.current?.identity.revision).toBe("first");
  });
});

describe("ends between kept and live", () => {
  const ACT = { by: "alice", reason: "a week without news" };

  /** All that `ReleaseHistory` does, but the process ends where it would write. */
  const endsAtRecord = (): ReleaseHistory => {
    const past = new LedgerReleases(ledger, Date.now);
    return {
      highest: (audience) => past.highest(audience),
      last: () => past.last(),
      record: () => new Promise(() => {}),
    };
  };

  /** What a process that started now would know: memory knows of a confirmation before the disk does. */
  async function expectConfirmed(digest: string): Promise<void> {
    const asOfDisk = async () => {
      const failed = (error: Error): never => {
        throw error;
      };
      return (
        await ReleaseStore.open(releasesOf(), { confirmEveryMs: 0, failed, isReadOnly: true })
      ).confirmedAt(digest);
    };
    await expect.poll(asOfDisk, { timeout: 20_000 }).toBeGreaterThan(0);
  }

  it("promoted: after the restart it is live, by whom and why, and the candidate's place confirms it", async () => {
    await (await life()).activation.offer(await signed("first", { sequence: 1 }), false);
    const killed = await life({ history: endsAtRecord(), maxAgeMs: DAY_MS });
    await killed.activation.fallBack(false);
    void killed.activation.promote(await signed("second", { sequence: 2 }), "next", ACT);
    await expectConfirmed(digestOf(releases.second));

    const here = await life({ maxAgeMs: DAY_MS });
    expect(await refusal(here, await signed("first", { sequence: 1 }))).toBe("sequence");
    expect(await here.activation.fallBack(false)).toBe(true);
    expect(here.live.current?.identity.sequence).toBe(2);
    expect(here.activation.promotion).toEqual(ACT);
    expect(entries().at(-1)).toMatchObject({ sequence: 2, ...ACT });
    const before = here.live.current?.age.confirmedAt ?? 0;
    await expect.poll(() => Date.now()).toBeGreaterThan(before);
    await here.activation.confirmPromoted();
    expect(here.live.current?.age.confirmedAt).toBeGreaterThan(before);
  });

  it("the one before, confirmed meanwhile, does not take the new one's confirmation from it", async () => {
    const here = await life({ maxAgeMs: DAY_MS });
    await here.activation.offer(await signed("first", { sequence: 1 }), false);
    const killed = await life({ history: endsAtRecord(), maxAgeMs: DAY_MS });
    await killed.activation.offer(await signed("first", { sequence: 1 }), false);
    void killed.activation.promote(await madeAgo("second", 2 * DAY_MS, { sequence: 2 }), "next", ACT);
    await expectConfirmed(digestOf(releases.second));
    await killed.activation.confirm();
    const later = await life({ maxAgeMs: DAY_MS });
    expect(await later.activation.fallBack(false)).toBe(true);
    expect(later.live.current?.identity.sequence).toBe(2);
    expect(later.live.current?.age.refusalAt(Date.now())).toBeUndefined();
  });

  it("a ledger that was not told of it: nothing was promoted, and nothing is after a restart", async () => {
    const past = new LedgerReleases(ledger, Date.now);
    const here = await life({
      history: {
        highest: (audience) => past.highest(audience),
        last: () => past.last(),
        record: (identity, statement, promotion) =>
          promotion === undefined
            ? past.record(identity, statement)
            : Promise.reject(new LedgerError("LEDGER_FULL", "the disk is full")),
      },
    });
    await here.activation.offer(await signed("first", { sequence: 1 }), false);
    const promoting = here.activation.promote(await signed("second", { sequence: 2 }), "next", ACT);
    await expect(promoting).rejects.toMatchObject({ step: "ledger" });
    expect(here.live.current?.identity.sequence).toBe(1);
    const later = await life();
    expect(await later.activation.fallBack(false)).toBe(true);
    expect(later.live.current?.identity.sequence).toBe(1);
    expect(later.store.confirmedAt(digestOf(releases.first))).toBeGreaterThan(0);
  });
});

describe("while it waits for the gate", () => {
  it("it expires: what is live stays, since nothing could be decided by it", async () => {
    let ahead = 0;
    const gate: ReleaseGate = {
      check: async ({ identity }) => {
        if (identity.sequence === 2) ahead = 60_000;
      },
      skip: () => {},
    };
    const here = await life({ gate, now: () => Date.now() + ahead });
    await here.activation.offer(await signed("first", { sequence: 1 }), false);
    const short = await signed("second", { sequence: 2, expires_at: rfc3339(Date.now() + 30_000) });
    expect(await refusal(here, short)).toBe("time");
    expect(here.live.current?.identity.sequence).toBe(1);
    expect(entries()).toHaveLength(1);
    expect(here.activation.quarantined).toEqual([]);
  });
});

describe("the release's place", () => {
  it("does not confirm what was promoted by an older statement about the same archive", async () => {
    const here = await life({ maxAgeMs: DAY_MS });
    await here.activation.offer(await signed("first", { sequence: 1 }), false);
    const renewed = await signed("first", { sequence: 2 });
    await here.activation.promote(renewed, "next", { by: "alice", reason: "renewed" });
    const before = here.live.current?.age.confirmedAt ?? 0;
    await expect.poll(() => Date.now()).toBeGreaterThan(before);
    await here.activation.confirm();
    expect(here.live.current?.age.confirmedAt).toBe(before);
    await here.activation.offer(renewed, false);
    const offered = here.live.current?.age.confirmedAt ?? 0;
    await expect.poll(() => Date.now()).toBeGreaterThan(offered);
    await here.activation.confirm();
    expect(here.live.current?.age.confirmedAt).toBeGreaterThan(offered);
  });
});

it.runIf(process.platform === "linux" && getPriority() < 10)(
  "what came too late is tried again by threads that give way to no other",
  async () => {
    let startMs = 1;
    const here = await life({ startMs: () => startMs });
    const candidate = await signed("first");
    const niceness = watchedNiceness();
    const gaveWay = () => [...niceness.values()].filter((nice) => nice > getPriority()).length;
    await expect(here.activation.offer(candidate, true)).rejects.toBeInstanceOf(LateReleaseError);
    expect([1, 2]).toContain(gaveWay());
    startMs = 60_000;
    niceness.clear();
    expect(await here.activation.offer(candidate, true)).toBe(true);
    expect(gaveWay()).toBe(0);
    expect(niceness.size).toBeGreaterThan(1);
    // All is as before with the next one.
    niceness.clear();
    expect(await here.activation.offer(await signed("second", { sequence: 2 }), true)).toBe(true);
    expect([1, 2]).toContain(gaveWay());
  },
);

it.runIf(process.platform === "linux" && getPriority() < 10)(
  "what was kept is proven aside while requests are answered",
  async () => {
    const here = await life();
    await here.activation.offer(await signed("first"), false);
    const later = await life();
    const niceness = watchedNiceness();
    expect(await later.activation.fallBack(true)).toBe(true);
    expect([1, 2]).toContain([...niceness.values()].filter((nice) => nice > getPriority()).length);
  },
);

describe("without signatures", () => {
  it("nothing is stored, and each activation is in the ledger", async () => {
    const live = new LivePolicy();
    onTestFinished(() => live.close());
    const store = await ReleaseStore.open(releasesOf(), { confirmEveryMs: 0, failed: () => {} });
    const history = new LedgerReleases(ledger, Date.now);
    const activation = new Activation({
      ...{ live, store, history, trust: "unsigned" as const, source: "test", evaluationMs: 1_000 },
      prover: proveOnce,
      now: Date.now,
    });
    expect(await activation.offer({ archive: releases.first }, false)).toBe(true);
    expect(await activation.offer({ archive: releases.first }, false)).toBe(false);
    expect(await activation.fallBack(false)).toBe(false);
    expect(await store.last()).toBeUndefined();
    await expect.poll(entries).toEqual([
      {
        type: "release",
        id: expect.any(String),
        at: expect.any(Number),
        ...live.current?.identity,
      },
    ]);
    expect(live.current?.identity.sequence).toBe(0);
  });
});
