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
import { LedgerReleases } from "../decisions/release-history.ts";
import type { SqliteLedger } from "../ledger/open.ts";
import { Activation, type ReleaseGate, type ReleaseTrust } from "./activation.ts";
import type { Candidate } from "./admission.ts";
import { CandidateRelease, PROMOTE_PROBLEMS, PromoteError } from "./candidate.ts";
import { LivePolicy } from "./live.ts";
import { AbsentReleaseError, ReleaseError } from "./release.ts";
import { ReleaseStore } from "./release-store.ts";
import { TrustStore } from "./trust-store.ts";

let releases: SmallReleases;
let key: PublisherKey;
beforeAll(async () => {
  [releases, key] = await Promise.all([smallReleases(), publisherKey()]);
}, 60_000);

let directory: string;
let ledger: SqliteLedger;
beforeEach(async () => {
  directory = stateDirectory();
  ({ ledger } = await opened(directory));
});

const ACT = { by: "alice", reason: "a week without news" };

const NOW = Date.now();

/** The same payload each time. */
async function signed(name: keyof SmallReleases, members: Says = {}): Promise<Candidate> {
  const archive = releases[name];
  const payload = says(digestOf(archive), { revision: name, ...members }, NOW);
  return { archive, statement: await statementOf(payload, key) };
}

interface Life {
  readonly activation: Activation;
  readonly live: LivePolicy;
  readonly candidate: CandidateRelease;
  readonly refused: string[];
  changes(): number;
}

async function life(how: { unsigned?: true; gate?: ReleaseGate; now?: () => number } = {}): Promise<Life> {
  const live = new LivePolicy();
  const history = new LedgerReleases(ledger, how.now ?? Date.now);
  const store = await ReleaseStore.open(join(directory, "releases"), { confirmEveryMs: 0, failed: () => {} });
  const keys = { keys: [key.verifying], threshold: 1, audience: "production", maxLifetimeMs: 90 * DAY_MS };
  const trust: ReleaseTrust = how.unsigned === true ? "unsigned" : new TrustStore(keys);
  const activation = new Activation({
    ...{
      live,
      trust,
      prover: proveOnce,
      history,
      source: "release",
      evaluationMs: 1_000,
      now: () => history.now(),
    },
    ...(how.unsigned === true ? {} : { store }),
    maxAgeMs: DAY_MS,
    gate: how.gate,
  });
  const refused: string[] = [];
  let changes = 0;
  const candidate = new CandidateRelease({
    ...{ activation, live, place: "next", now: () => history.now() },
    onEngineEvent: () => {},
    onChange: () => {
      changes += 1;
    },
    onRefused: ({ step }) => refused.push(step),
  });
  onTestFinished(async () => {
    await Promise.all([live.close(), candidate.close()]);
  });
  return { activation, live, candidate, refused, changes: () => changes };
}

async function problemOf(promoting: Promise<unknown>): Promise<string> {
  try {
    await promoting;
    return "none";
  } catch (error) {
    if (error instanceof PromoteError) return error.code;
    throw error;
  }
}

const entries = () => ledger.entriesOf(["release"]).map(({ row }) => JSON.parse(row));

describe("is admitted and proven as what is to decide", () => {
  it.each<[string, () => Promise<Candidate>, string]>([
    ["without a statement", async () => ({ archive: releases.second }), "statement"],
    ["older", () => signed("second", { sequence: 4 }), "sequence"],
    ["of the same sequence", () => signed("second", { sequence: 5 }), "sequence"],
    ["refused by the guard", () => signed("generous", { sequence: 6 }), "guard"],
  ])("%s: refused", async (_name, candidate, step) => {
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    const before = here.live.current;
    await expect(here.candidate.offer(await candidate())).rejects.toMatchObject({ step });
    expect(here.candidate.current).toBeUndefined();
    expect(here.live.current).toBe(before);
    // Nothing is kept of it but that it is no good.
    expect(here.activation.quarantined.map((each) => each.step)).toEqual(step === "guard" ? ["guard"] : []);
  });

  it("and raises no number, keeps nothing and writes nothing", async () => {
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    expect(await here.candidate.offer(await signed("second", { sequence: 9 }))).toBe(true);
    expect(here.candidate.current?.identity).toMatchObject({ revision: "second", sequence: 9 });
    expect(await here.candidate.offer(await signed("second", { sequence: 9 }))).toBe(false);
    expect(here.activation.keys?.highest?.sequence).toBe(5);
    expect(entries()).toHaveLength(1);
    // What is live is confirmed, and goes live again after a restart.
    expect(await here.activation.offer(await signed("first", { sequence: 5 }), false)).toBe(false);
    const later = await life();
    await later.activation.fallBack(false);
    expect(later.live.current?.identity.sequence).toBe(5);
  });
});

describe("is given back", () => {
  it("where another one comes, where its place is empty, and where it is live", async () => {
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    await here.candidate.offer(await signed("second", { sequence: 6 }));
    const one = here.candidate.current;
    await here.candidate.offer(await signed("second", { sequence: 7 }));
    const other = here.candidate.current;
    await expect.poll(() => one?.engine.closed).toBe(true);
    expect(other?.engine.closed).toBe(false);
    const refusal = here.candidate.refuse(new AbsentReleaseError("source", "it is not there"));
    expect(refusal.step).toBe("source");
    expect([here.candidate.state, here.candidate.lastError, here.refused]).toEqual(["absent", undefined, []]);
    await expect.poll(() => other?.engine.closed).toBe(true);

    await here.candidate.offer(await signed("second", { sequence: 8 }));
    const third = here.candidate.current;
    await here.activation.offer(await signed("second", { sequence: 8 }), false);
    await here.candidate.reconsider();
    expect(here.candidate.state).toBe("live");
    await expect.poll(() => third?.engine.closed).toBe(true);
    expect(await here.candidate.offer(await signed("second", { sequence: 8 }))).toBe(false);
    expect(here.candidate.state).toBe("live");
  });

  it("where a newer one went live, with what is wrong; and where it was stopped", async () => {
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    await here.candidate.offer(await signed("second", { sequence: 6 }));
    await here.activation.offer(await signed("first", { sequence: 7 }), false);
    await here.candidate.reconsider();
    expect([here.candidate.state, here.refused]).toEqual(["absent", ["sequence"]]);
    // Also where that was while it was proven.
    const proving = here.candidate.offer(await signed("second", { sequence: 8 }));
    await here.activation.offer(await signed("second", { sequence: 9 }), false);
    await here.candidate.reconsider();
    await proving;
    expect([here.candidate.state, here.refused]).toEqual(["absent", ["sequence", "sequence"]]);
    await here.candidate.offer(await signed("second", { sequence: 10 }));
    const { current } = here.candidate;
    if (current === undefined) throw new Error("none is proven");
    here.candidate.stop(current);
    expect(here.candidate.state).toBe("stopped");
    await expect.poll(() => current.engine.closed).toBe(true);
    expect(await problemOf(here.candidate.promote(ACT))).toBe("NOT_PROVEN");
    await here.candidate.offer(await signed("second", { sequence: 10 }));
    expect(here.candidate.state).toBe("proven");
  });
});

describe("is not promoted", () => {
  it("where there is none, another one, a refused one, an older one, or the gate is against it", async () => {
    const said: string[] = [];
    const gate: ReleaseGate = {
      check: async ({ identity }) => {
        said.push(identity.revision);
        if (identity.revision === "second") throw new ReleaseError("gate", "too generous");
      },
      skip: () => {},
    };
    const here = await life({ gate });
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    const promote = (sha256?: string) => problemOf(here.candidate.promote(ACT, { sha256 }));
    expect(await promote()).toBe("NO_CANDIDATE");
    here.candidate.refuse(new ReleaseError("digest", "another one"));
    expect(await promote()).toBe("NOT_PROVEN");
    await here.candidate.offer(await signed("second", { sequence: 6 }));
    expect(await promote("ab".repeat(32))).toBe("CHANGED");
    expect(await promote(digestOf(releases.second))).toBe("GATE");
    // What is wrong with the release's place is told by the same means.
    expect(here.live.lastError).toMatchObject({ step: "gate" });
    here.candidate.refuse(new ReleaseError("digest", "another one"));
    expect(await promote()).toBe("NOT_PROVEN");
    await here.activation.offer(await signed("first", { sequence: 6 }), false);
    expect(await promote(digestOf(releases.second))).toBe("REFUSED");
    expect(here.live.current?.identity).toMatchObject({ revision: "first", sequence: 6 });
    expect(entries().map(({ sequence }) => sequence)).toEqual([5, 6]);
    expect(said).toEqual(["first", "second"]);
    await here.activation.offer(await signed("first", { sequence: 7 }), false);
    await here.candidate.offer(await signed("first", { sequence: 7 }));
    expect(await promote()).toBe("IS_LIVE");
    expect(PROMOTE_PROBLEMS).toContain("PINNED");
  });

  it("where the same archive lies there under another statement than was looked at", async () => {
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    await here.candidate.offer(await signed("second", { sequence: 6 }));
    const shown = { sha256: digestOf(releases.second), sequence: 6 };
    await here.candidate.offer(await signed("second", { sequence: Number.MAX_SAFE_INTEGER }));
    expect(await problemOf(here.candidate.promote(ACT, shown))).toBe("CHANGED");
    expect(here.live.current?.identity.sequence).toBe(5);
  });

  it("once it has expired", async () => {
    let now = NOW;
    const here = await life({ now: () => now });
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    await here.candidate.offer(await signed("second", { sequence: 6, expires_at: rfc3339(NOW + 60_000) }));
    now += 120_000;
    await expect(here.candidate.promote(ACT)).rejects.toMatchObject({
      ...{ code: "REFUSED", cause: { step: "time" } },
    });
    expect(here.live.current?.identity.sequence).toBe(5);
  });

  it("twice, where two ask at once", async () => {
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    await here.candidate.offer(await signed("second", { sequence: 6 }));
    const both = [problemOf(here.candidate.promote(ACT)), problemOf(here.candidate.promote(ACT))];
    expect(await Promise.all(both)).toEqual(["none", "IS_LIVE"]);
    expect(entries().map(({ sequence }) => sequence)).toEqual([5, 6]);
  });
});

describe("is promoted", () => {
  it("through every step, with who and why; both places confirm what they have and nothing else", async () => {
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    const old = here.live.current;
    await here.candidate.offer(await signed("second", { sequence: 6 }));
    const shown = here.candidate.current;
    const promoted = await here.candidate.promote(ACT, {
      sha256: digestOf(releases.second),
      sequence: 6,
    });
    expect(promoted).toMatchObject({ live: { sequence: 6 }, previous: { sequence: 5 } });
    expect(here.live.current).not.toBe(shown);
    expect(here.live.current?.source).toBe("next");
    expect(here.activation.promotion).toEqual(ACT);
    expect(entries().at(-1)).toMatchObject({ sequence: 6, ...ACT });
    await expect.poll(() => [old?.engine.closed, shown?.engine.closed]).toEqual([true, true]);
    expect(here.candidate.state).toBe("live");

    const confirmedAt = () => here.live.current?.age.confirmedAt ?? 0;
    const before = confirmedAt();
    await expect.poll(() => Date.now()).toBeGreaterThan(before);
    // The release's place still has the old one, and was seen to have it.
    await here.activation.confirm();
    expect(confirmedAt()).toBe(before);
    await here.candidate.confirm();
    expect(confirmedAt()).toBeGreaterThan(before);
    await expect(here.activation.offer(await signed("first", { sequence: 5 }), false)).rejects.toMatchObject({
      step: "sequence",
    });

    // After a restart it is live again, and still a promoted one; twice over.
    for (let restart = 0; restart < 2; restart += 1) {
      const later = await life();
      await expect(
        later.activation.offer(await signed("first", { sequence: 5 }), false),
      ).rejects.toMatchObject({
        step: "sequence",
      });
      expect(await later.activation.fallBack(false)).toBe(true);
      expect([later.live.current?.identity.sequence, later.activation.promotion]).toEqual([6, ACT]);
      await later.candidate.offer(await signed("second", { sequence: 6 }));
      expect(later.candidate.state).toBe("live");
    }

    // Once the release's place has it, it is as any other.
    expect(await here.activation.offer(await signed("second", { sequence: 6 }), false)).toBe(false);
    expect(here.activation.promotion).toBeUndefined();
  });

  it("and is not confirmed by the same archive under a later statement, which is a candidate of its own", async () => {
    const here = await life();
    await here.activation.offer(await signed("first", { sequence: 5 }), false);
    await here.candidate.offer(await signed("second", { sequence: 6 }));
    await here.candidate.promote(ACT);
    await here.candidate.offer(await signed("second", { sequence: 7 }));
    expect(here.candidate.current?.identity.sequence).toBe(7);
    const confirmedAt = () => [
      here.live.current?.age.confirmedAt ?? 0,
      here.candidate.current?.age.confirmedAt ?? 0,
    ];
    const [live = 0, candidate = 0] = confirmedAt();
    await expect.poll(() => Date.now()).toBeGreaterThan(candidate);
    await here.candidate.confirm();
    const [liveThen, candidateThen] = confirmedAt();
    expect(liveThen).toBe(live);
    expect(candidateThen).toBeGreaterThan(candidate);
  });

  it("without signatures, until the release's place changes", async () => {
    const here = await life({ unsigned: true });
    await here.activation.offer({ archive: releases.first }, false);
    await here.candidate.offer({ archive: releases.second });
    await here.candidate.promote(ACT);
    const promoted = here.live.current;
    expect(await here.activation.offer({ archive: releases.first }, false)).toBe(false);
    expect(here.live.current).toBe(promoted);
    expect(await here.activation.offer({ archive: releases.second }, false)).toBe(false);
    expect(await here.activation.offer({ archive: releases.first }, false)).toBe(true);
    expect(here.live.current?.identity.revision).toBe("first");
    await expect
      .poll(() => entries().map(({ revision, by }) => [revision, by]))
      .toEqual([
        ["first", undefined],
        ["second", "alice"],
        ["first", undefined],
      ]);
  });
});

describe("the gate", () => {
  it("is asked about what is new, and not about what was live last, in this process or the one before", async () => {
    const asked: string[] = [];
    const gate: ReleaseGate = {
      check: async ({ identity }) => void asked.push(`check ${identity.sequence}`),
      skip: ({ identity }) => void asked.push(`skip ${identity.sequence}`),
    };
    const here = await life({ gate });
    await here.activation.offer(await signed("first", { sequence: 1 }), false);
    await here.activation.offer(await signed("first", { sequence: 2 }), false);
    await here.activation.offer(await signed("first", { sequence: 2 }), false);
    const later = await life({ gate });
    await later.activation.offer(await signed("first", { sequence: 2 }), false);
    const again = await life({ gate });
    await again.activation.offer(await signed("second", { sequence: 3 }), false);
    // The last one has what was kept decide meanwhile, which is asked nothing.
    expect(asked).toEqual(["check 1", "skip 2", "skip 2", "check 3"]);
    expect(again.live.current?.identity.sequence).toBe(3);
  });

  it("has what was kept decide while it takes its time, and keeps nothing that it is against", async () => {
    const open = await life();
    await open.activation.offer(await signed("first", { sequence: 1 }), false);
    let meanwhile: string | undefined;
    const gate: ReleaseGate = {
      check: async () => {
        meanwhile = here.live.current?.identity.revision;
        throw new ReleaseError("gate", "too generous");
      },
      skip: () => {},
    };
    const here = await life({ gate });
    await expect(here.activation.offer(await signed("second", { sequence: 2 }), false)).rejects.toMatchObject(
      {
        step: "gate",
      },
    );
    expect([meanwhile, here.live.current?.identity.revision]).toEqual(["first", "first"]);
    expect(here.activation.quarantined).toEqual([]);
    const later = await life();
    await later.activation.fallBack(false);
    expect(later.live.current?.identity.revision).toBe("first");
  });

  it("lets one after the other through: an older one never goes live after a newer one", async () => {
    const gate: ReleaseGate = {
      check: ({ identity }) => new Promise((done) => setTimeout(done, identity.sequence === 2 ? 300 : 0)),
      skip: () => {},
    };
    const here = await life({ gate });
    await here.activation.offer(await signed("first", { sequence: 1 }), false);
    const settled = await Promise.allSettled([
      here.activation.offer(await signed("second", { sequence: 2 }), false),
      here.activation.promote(await signed("first", { sequence: 3 }), "next", ACT),
      here.activation.offer(await signed("second", { sequence: 2 }), false),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(here.live.current?.identity.sequence).toBe(3);
    expect(entries().map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });
});
