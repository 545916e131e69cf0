import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PUSH_STATUSES, type PushStatus } from "../input/document.ts";
import type { Claims } from "./push-claims.ts";
import { movementStateOf, type Statement, type Story, storySchema, tell } from "./push-story.ts";

const DEPOSIT: Claims = {
  side: "deposit",
  chain: "BTC",
  token: "BTC",
  hash: "aa",
  index: 0,
  destinations: [{ address: "bc1to", amount: "0.1" }],
  sources: ["bc1from"],
};
const WITHDRAWAL: Claims = { ...DEPOSIT, side: "withdrawal" };

function says(status: PushStatus, at?: number, members: Partial<Statement> = {}): Statement {
  return { status, by: "push.mpc", at, claims: DEPOSIT, ...members };
}

interface Ended {
  readonly story: Story | undefined;
  /** Of problems that nothing explained. */
  readonly open: readonly string[];
  readonly messages: readonly string[];
}

/** All messages, one after the other. */
function tellAll(statements: readonly Statement[]): Ended {
  let story: Story | undefined;
  const open = new Map<string, string>();
  for (const [at, statement] of statements.entries()) {
    const told = tell(story, statement, `p${at}`);
    // As the next message finds it: in JSON.
    story = storySchema.parse(JSON.parse(JSON.stringify(told.story)));
    for (const { key, message } of told.problems) open.set(key, message);
    for (const key of told.explained) open.delete(key);
  }
  return { story, open: [...open.keys()], messages: [...open.values()] };
}

const FROM_SUCCESS: readonly PushStatus[] = ["pending", "confirming", "failed", "reverting"];
const FROM_REVERTING: readonly PushStatus[] = ["pending", "confirming", "success", "reorganized"];
const FROM_FAILED: readonly PushStatus[] = [...FROM_REVERTING, "reverting"];
const ILLEGAL: readonly (readonly [PushStatus, PushStatus])[] = [
  ...FROM_SUCCESS.map((to) => ["success", to] as const),
  ...FROM_FAILED.map((to) => ["failed", to] as const),
  ...FROM_REVERTING.map((to) => ["reverting", to] as const),
];

describe("an illegal move", () => {
  it.each(ILLEGAL)("is a problem, and the newer message is believed: %s to %s", (from, to) => {
    const { story } = tell(undefined, says(from, 1), "p0");
    const told = tell(story, says(to, 2), "p1");
    expect(told).toMatchObject({ late: false, previously: from, story: { status: to, at: 2 } });
    expect(told.problems).toEqual([
      {
        key: "p1 move",
        severity: "high",
        message: `${from} became ${to}: no transaction does that`,
        values: { before: from, now: to },
      },
    ]);
    // Nothing is illegal about staying there.
    expect(tell(told.story, says(to, 3), "p2").problems).toEqual([]);
  });

  it("is all that there is but for those that are legal", () => {
    for (const from of PUSH_STATUSES) {
      for (const to of PUSH_STATUSES) {
        const { story } = tell(undefined, says(from, 1), "p0");
        const { problems } = tell(story, says(to, 2), "p1");
        const isIllegal = ILLEGAL.some(([before, after]) => before === from && after === to);
        expect(problems.length, `${from} to ${to}`).toBe(isIllegal ? 1 : 0);
      }
    }
  });

  it("is a withdrawal that is reorganized, first or later", () => {
    const reorganized = says("reorganized", 2, { claims: WITHDRAWAL });
    for (const first of [[], [says("success", 1, { claims: WITHDRAWAL })]]) {
      const { story, messages } = tellAll([...first, reorganized]);
      expect(messages).toEqual(["a withdrawal is said to be reorganized: only deposits are"]);
      expect(story?.status).toBe("reorganized");
    }
  });

  it("is another block after success", () => {
    const { messages } = tellAll([says("success", 1, { block: "A" }), says("success", 2, { block: "B" })]);
    expect(messages).toEqual(["it was final in block A, and is in block B now"]);
  });

  it("is none where a block is not known, or was never final", () => {
    expect(tellAll([says("success", 1, { block: "A" }), says("success", 2)]).open).toEqual([]);
    expect(
      tellAll([says("confirming", 1, { block: "A" }), says("confirming", 2, { block: "B" })]).open,
    ).toEqual([]);
    expect(tellAll([says("confirming", 1, { block: "A" }), says("success", 2, { block: "B" })]).open).toEqual(
      [],
    );
  });

  it("is still seen where the block was not said each time", () => {
    const { messages } = tellAll([
      says("success", 1, { block: "A" }),
      says("success", 2),
      says("success", 3, { block: "B" }),
    ]);
    expect(messages).toHaveLength(1);
  });
});

describe("a reorganization that comes late", () => {
  const before = says("success", 10, { block: "A" });

  it.each<[string, Statement, number | undefined]>([
    ["before it", says("confirming", 20), 5],
    ["after it", says("confirming", 20), 20],
    ["at no known time", says("confirming", 20), undefined],
  ])("explains nothing that happened %s", (_, after, at) => {
    const reorganized = says("reorganized", at);
    const { story, messages } = tellAll([before, after, { ...reorganized, at }]);
    expect(messages).toContain("success became confirming: no transaction does that");
    expect(story?.status).toBe(at === 5 ? "confirming" : "reorganized");
  });

  it.each([
    says("confirming", 20),
    says("pending", 20),
    says("failed", 20),
    says("reverting", 20),
    says("success", 20, { block: "B" }),
  ])("explains what happened after it: $status", (after) => {
    for (const at of [10, 15, 19]) {
      const { story, open } = tellAll([before, after, says("reorganized", at)]);
      expect(open).toEqual([]);
      expect(story).toMatchObject({ status: after.status, at: 20 });
      expect(story?.gaps).toBeUndefined();
    }
  });

  it("explains it once the story has gone on", () => {
    const { open, story } = tellAll([
      before,
      says("confirming", 20),
      says("success", 30, { block: "B" }),
      says("reorganized", 15),
    ]);
    expect(open).toEqual([]);
    expect(story).toMatchObject({ status: "success", block: "B" });
  });

  it("explains nothing of a withdrawal, or of what was not a success", () => {
    const withdrawal = (status: PushStatus, at: number) => says(status, at, { claims: WITHDRAWAL });
    const { open } = tellAll([
      withdrawal("success", 10),
      withdrawal("confirming", 20),
      withdrawal("reorganized", 15),
    ]);
    expect(open).toEqual(["p1 move"]);
    expect(tellAll([says("failed", 10), says("confirming", 20), says("reorganized", 15)]).open).toEqual([
      "p1 move",
    ]);
  });

  it("leaves the other gaps", () => {
    const { open } = tellAll([
      before,
      says("confirming", 20),
      says("success", 30),
      says("pending", 40),
      says("reorganized", 15),
    ]);
    expect(open).toEqual(["p3 move"]);
  });
});

describe("what cannot change", () => {
  const other: Claims = { ...DEPOSIT, destinations: [{ address: "bc1to", amount: "0.2" }] };

  it("is a problem where it does, and the newer message is believed", () => {
    const { story } = tell(undefined, says("confirming", 1), "p0");
    const told = tell(story, says("success", 2, { claims: other }), "p1");
    expect(told.problems).toEqual([
      {
        key: "p1 amount",
        severity: "critical",
        message: "what cannot change did: amount was 0.1, and is said to be 0.2",
        values: { member: "amount", before: "0.1", now: "0.2" },
      },
    ]);
    expect(told.story.claims).toEqual(other);
  });

  it("is a problem in a late message too: the order of arrival hides nothing", () => {
    const { story } = tell(undefined, says("success", 2), "p0");
    const told = tell(story, says("confirming", 1, { claims: other }), "p1");
    expect(told).toMatchObject({ late: true, problems: [{ key: "p1 amount", severity: "critical" }] });
    expect(told.story.claims).toEqual(DEPOSIT);
  });

  it("is none where it becomes known", () => {
    const { hash: _hash, index: _index, sources: _sources, ...early } = DEPOSIT;
    const { story, open } = tellAll([says("pending", 1, { claims: early }), says("confirming", 2)]);
    expect(open).toEqual([]);
    expect(story?.claims).toEqual(DEPOSIT);
    expect(tellAll([says("success", 2, { claims: early }), says("pending", 1)]).story?.claims).toEqual(
      DEPOSIT,
    );
  });
});

describe("a late message", () => {
  it.each<[string, Statement, Statement]>([
    ["made earlier", says("pending", 5), says("success", 4)],
    ["further back, made at no known time", says("success", 5), says("confirming")],
    [
      "further back, of the other generation",
      says("success", 5),
      says("confirming", 6, { by: "push.custodial" }),
    ],
    ["further back, made at the same time", says("success", 5), says("confirming", 5)],
    ["with fewer confirmations", says("confirming", 5, { confirmations: 2 }), says("confirming", 5)],
    ["that failed where it was reorganized since", says("reorganized"), says("failed")],
  ])("moves nothing: %s", (_, first, second) => {
    const { story } = tell(undefined, first, "p0");
    const told = tell(story, second, "p1");
    const nothing = { informs: false, problems: [], explained: [] };
    expect(told).toEqual({ story, late: true, previously: first.status, ...nothing });
  });

  it("is none that says the same again, or more", () => {
    const { story } = tell(undefined, says("confirming", 5, { confirmations: 2, block: "A" }), "p0");
    expect(tell(story, says("confirming", 5, { confirmations: 2 }), "p1")).toMatchObject({
      late: false,
      story: { status: "confirming", at: 5, confirmations: 2, block: "A" },
    });
    expect(tell(story, says("confirming", undefined, { confirmations: 2 }), "p1").story.at).toBe(5);
    const more = tell(story, says("confirming", undefined, { confirmations: 3 }), "p1");
    expect(more).toMatchObject({ late: false, story: { confirmations: 3, block: "A" } });
    // When that was, nobody said.
    expect(more.story.at).toBeUndefined();
  });
});

describe("what is moved", () => {
  it.each<[PushStatus, string]>([
    ["pending", "reserved"],
    ["confirming", "broadcast"],
    ["reverting", "broadcast"],
    ["reorganized", "broadcast"],
    ["success", "settled"],
    ["failed", "released"],
  ])("by a deposit that is %s is %s", (status, state) => {
    expect(movementStateOf({ status, by: "push.mpc", claims: DEPOSIT })).toBe(state);
  });

  it.each<[PushStatus, string | undefined, string | undefined]>([
    ["pending", undefined, undefined],
    ["pending", "aa", "broadcast"],
    ["confirming", "aa", "broadcast"],
    ["reverting", "aa", "broadcast"],
    ["success", "aa", "settled"],
    ["success", undefined, "settled"],
    ["failed", "aa", "broadcast"],
    ["failed", undefined, undefined],
  ])("by a withdrawal that is %s, with the hash %s, is %s", (status, hash, state) => {
    const claims = { side: "withdrawal" as const, ...(hash === undefined ? {} : { hash }) };
    expect(movementStateOf({ status, by: "push.mpc", claims })).toBe(state);
  });
});

/** What a transaction may really do next; messages may skip some of it. */
const NEXT: Readonly<Record<PushStatus, readonly PushStatus[]>> = {
  pending: ["pending", "confirming", "failed"],
  confirming: ["confirming", "pending", "success", "reverting", "reorganized"],
  reverting: ["reverting", "failed"],
  success: ["success", "reorganized"],
  failed: ["failed"],
  reorganized: ["reorganized", "pending", "confirming", "failed"],
};

const anyChoices = fc.array(fc.nat(11), { minLength: 1, maxLength: 14 });

/** A legal life, one status after the other. */
function lifeOf(choices: readonly number[], isDeposit: boolean): PushStatus[] {
  const life: PushStatus[] = [(choices[0] ?? 0) % 2 === 0 ? "pending" : "confirming"];
  for (const choice of choices.slice(1)) {
    const [last = "pending"] = life.slice(-1);
    const next = NEXT[last].filter((status) => isDeposit || status !== "reorganized");
    life.push(next[choice % next.length] ?? last);
  }
  return life;
}

/** A message of each generation: one of them knows less. */
function bothGenerations(statement: Statement): readonly Statement[] {
  const { chain: _, index: _index, ...fewer } = statement.claims;
  return [statement, { ...statement, block: undefined, claims: { ...fewer } }];
}

function shuffled<T>(items: readonly T[], order: readonly number[]): T[] {
  return items
    .map((item, at) => ({ item, at, key: order[at % order.length] ?? 0 }))
    .sort((a, b) => a.key - b.key || a.at - b.at)
    .map(({ item }) => item);
}

const anyOrder = fc.array(fc.nat(), { minLength: 60, maxLength: 60 });

/** Whatever the order, all of it ends as in the right one. */
function endsAlike(told: readonly Statement[], order: readonly number[]): void {
  const inOrder = tellAll(told);
  expect(inOrder.open).toEqual([]);
  const mixed = tellAll(shuffled([...told, ...told], order));
  expect(mixed.open).toEqual([]);
  expect(mixed.story).toEqual(inOrder.story);
  expect(mixed.story && movementStateOf(mixed.story)).toBe(inOrder.story && movementStateOf(inOrder.story));
}

describe("in any order, and however often they come, legal messages end in the same story without a problem", () => {
  it("where they say when", () => {
    fc.assert(
      fc.property(anyChoices, fc.boolean(), anyOrder, (choices, isDeposit, order) => {
        const life = lifeOf(choices, isDeposit);
        let block = 0;
        const told = life.flatMap((status, at) => {
          if (status === "reorganized") block += 1;
          const claims = isDeposit ? DEPOSIT : WITHDRAWAL;
          const { hash: _hash, index: _index, sources: _sources, ...early } = claims;
          const isKnown = isDeposit || status !== "pending";
          return bothGenerations(
            says(status, at, {
              block: status === "pending" ? undefined : `block ${block}`,
              claims: isKnown ? claims : early,
              confirmations: status === "pending" ? 0 : at,
            }),
          );
        });
        endsAlike(told, order);
      }),
    );
  });

  it("where they say nothing but their state", () => {
    const ways: readonly (readonly PushStatus[])[] = [
      ["pending", "confirming", "confirming", "confirming", "success"],
      ["pending", "confirming", "reverting", "failed"],
      ["pending", "failed"],
      ["confirming", "success"],
      ["pending", "pending", "success", "reorganized"],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...ways), fc.boolean(), anyOrder, (way, isDeposit, order) => {
        const claims = isDeposit ? DEPOSIT : WITHDRAWAL;
        const told = way
          .filter((status) => isDeposit || status !== "reorganized")
          .flatMap((status, at) =>
            bothGenerations(says(status, undefined, { claims, confirmations: at, block: "A" })),
          );
        endsAlike(told, order);
      }),
    );
  });

  it.each([undefined, 0, 1_000])("of two generations that mean another time: %s", (custodialAt) => {
    const way: readonly PushStatus[] = ["pending", "confirming", "confirming", "success"];
    fc.assert(
      fc.property(anyOrder, (order) => {
        const told = way.flatMap((status, at) => {
          const mpc = says(status, 10 + at, { confirmations: at });
          return [mpc, { ...mpc, by: "push.custodial" as const, at: custodialAt }];
        });
        const { story, open } = tellAll(shuffled([...told, ...told], order));
        expect(open).toEqual([]);
        expect(story).toMatchObject({ status: "success", confirmations: 3, claims: DEPOSIT });
      }),
    );
  });

  it("also where some of them are lost, but for a reorganization", () => {
    fc.assert(
      fc.property(anyChoices, anyOrder, (choices, order) => {
        const told = lifeOf(choices, true)
          .map((status, at) => says(status, at))
          .filter(({ status }, at) => status === "reorganized" || (order[at] ?? 0) % 3 > 0);
        if (told.length > 0) endsAlike(told, order);
      }),
    );
  });
});
