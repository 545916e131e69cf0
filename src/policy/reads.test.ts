import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexedRule, ruleIndex } from "../../test/support/policy.ts";
import { transferDocument } from "../../test/support/transfer-document.ts";
import {
  type Document,
  documentSchema,
  type Effect,
  type FlagsAnswer,
  type InputDocument,
} from "../input/document.ts";
import { checkKey, compileReads } from "./reads.ts";
import type { IndexedRule } from "./rule-index.ts";

const BASE = transferDocument(1_763_800_000_000);

function input(change: (document: Document) => void, raw = "{}"): InputDocument {
  const document = structuredClone(BASE.document);
  change(document);
  return { document, raw };
}

function rule(reads: readonly string[], optional: readonly string[] = []): IndexedRule {
  return indexedRule("transfer/one", [{ code: "ONE", reads: [...reads] }], { optional: [...optional] });
}

function absentOf(of: IndexedRule, document: InputDocument): readonly string[] | undefined {
  return compileReads(ruleIndex([of]))
    .absentReads("transfer", document)
    .get("transfer/one require ONE");
}

describe("absent reads", () => {
  it("names a member that is not there", () => {
    const without = input((document) => {
      delete document.wallet?.vault_id;
    });
    expect(absentOf(rule(["wallet.vault_id", "wallet.id"]), without)).toEqual(["wallet.vault_id"]);
    expect(absentOf(rule(["wallet.vault_id", "wallet.id"]), BASE)).toBeUndefined();
  });

  it("names what lies below an absent member, sorted", () => {
    const without = input((document) => {
      delete document.transaction;
    });
    const reads = ["transaction.token", "transaction.destinations.*.address", "transaction.chain"];
    expect(absentOf(rule(reads), without)).toEqual([...reads].sort());
  });

  it("looks at each element of an array", () => {
    const one = input((document) => {
      document.transaction?.destinations?.push({ address: "0x01" });
    });
    const reads = ["transaction.destinations.*.amount.units", "transaction.destinations.*.address"];
    expect(absentOf(rule(reads), one)).toEqual(["transaction.destinations.*.amount.units"]);
    expect(absentOf(rule(reads), BASE)).toBeUndefined();
  });

  it("looks at each value of an object", () => {
    const one = input((document) => {
      const { transaction } = document;
      if (transaction !== undefined)
        transaction.totals = { ...transaction.totals, OTHER: { token: "OTHER" } };
    });
    expect(absentOf(rule(["transaction.totals.*.units"]), one)).toEqual(["transaction.totals.*.units"]);
    expect(absentOf(rule(["transaction.totals.*.units"]), BASE)).toBeUndefined();
  });

  it("finds nothing absent in an empty list, which is an answer, and all of it where the list is not there", () => {
    const without = input((document) => {
      delete document.lists;
    });
    const reads = ["lists.sanctions.*"];
    expect(absentOf(rule(reads), without)).toEqual(reads);
    const empty = input((document) => {
      document.lists = { sanctions: {} };
    });
    expect(absentOf(rule(reads), empty)).toBeUndefined();
  });

  it("does not take a member of every object's prototype for one of the document", () => {
    expect(absentOf(rule(["wallet.constructor"]), BASE)).toEqual(["wallet.constructor"]);
    expect(absentOf(rule(["transaction.destinations.length"]), BASE)).toBeUndefined();
  });

  it("can't step into a text", () => {
    expect(absentOf(rule(["wallet.id.*"]), BASE)).toEqual(["wallet.id.*"]);
    expect(absentOf(rule(["wallet.id.name"]), BASE)).toEqual(["wallet.id.name"]);
  });

  it("keeps rules, parts and codes apart", () => {
    const index = ruleIndex([
      indexedRule("transfer/one", [
        { code: "ONE", reads: ["wallet.name"] },
        { code: "TWO", reads: ["wallet.id"] },
        { code: "ONE", part: "approve", reads: ["wallet.id"] },
      ]),
      indexedRule("transfer/two", [{ code: "ONE", reads: ["wallet.name", "vault.name"] }]),
      indexedRule("key/three", [{ code: "ONE", reads: ["wallet.name"] }], { group: "key" }),
    ]);
    const absent = compileReads(index).absentReads("transfer", BASE);
    expect(Object.fromEntries(absent)).toEqual({
      "transfer/one require ONE": ["wallet.name"],
      "transfer/two require ONE": ["vault.name", "wallet.name"],
    });
  });
});

describe("optional members", () => {
  const reads = ["transaction.contract.address", "transaction.contract.selector"];

  it("excuse nothing where they are there and lack something", () => {
    const partly = input((document) => {
      if (document.transaction !== undefined) document.transaction.contract = { address: "0x01" };
    });
    expect(absentOf(rule(reads, ["transaction.contract"]), partly)).toEqual([
      "transaction.contract.selector",
    ]);
  });

  it("excuse nothing where more than they is absent", () => {
    const without = input((document) => {
      delete document.transaction;
    });
    expect(absentOf(rule(reads, ["transaction.contract"]), without)).toEqual(reads);
  });

  it("excuse nothing in another rule", () => {
    const index = ruleIndex([
      rule(reads, ["transaction.contract"]),
      indexedRule("transfer/two", [{ code: "TWO", reads }]),
    ]);
    const absent = compileReads(index).absentReads("transfer", BASE);
    expect(Object.fromEntries(absent)).toEqual({ "transfer/two require TWO": reads });
  });

  it("excuse what lies below them where they are absent", () => {
    expect(absentOf(rule(reads, ["transaction.contract"]), BASE)).toBeUndefined();
    expect(absentOf(rule(reads), BASE)).toEqual(reads);
  });

  it("excuse an element's member, not the element", () => {
    const memo = ["transaction.destinations.*.memo"];
    expect(absentOf(rule(memo, memo), BASE)).toBeUndefined();
    expect(
      absentOf(
        rule(["transaction.destinations.*.amount.usd_micros"], memo),
        input((document) => {
          delete document.transaction?.destinations?.[0]?.amount;
        }),
      ),
    ).toEqual(["transaction.destinations.*.amount.usd_micros"]);
  });
});

describe("what bytes do", () => {
  const reads = ["evidence.effects.*.to", "evidence.effects.*.type"];
  const optional = ["evidence.effects", "evidence.effects.*.to"];
  const read = (status: NonNullable<Document["evidence"]>["status"], change = (_: Document) => {}) =>
    input((document) => {
      document.evidence = { status, key: "verified", effects: [{ type: "deploy" }] };
      change(document);
    });

  it.each(["verified", "mismatch"] as const)("is never absent where the bytes are read: %s", (status) => {
    const without = read(status, ({ evidence }) => delete evidence?.effects);
    expect(absentOf(rule(reads, optional), without)).toEqual(reads);
    expect(absentOf(rule(reads, optional), read(status))).toBeUndefined();
  });

  it.each(["absent", "undecodable", "unsupported"] as const)(
    "may be absent where they are not: %s",
    (status) => {
      const without = read(status, ({ evidence }) => delete evidence?.effects);
      expect(absentOf(rule(reads), without)).toEqual(reads);
      expect(absentOf(rule(reads, optional), without)).toBeUndefined();
    },
  );

  it("may be absent in a message that is text, and in nothing else", () => {
    const text = (change: (document: Document) => void) =>
      input((document) => {
        document.kind = "message_signing";
        document.group = "message";
        document.evidence = { status: "verified", key: "verified", text: "hello" };
        change(document);
      });
    expect(
      absentOf(
        rule(reads, optional),
        text(() => {}),
      ),
    ).toBeUndefined();
    expect(
      absentOf(
        rule(reads),
        text(() => {}),
      ),
    ).toEqual(reads);
    const others: readonly ((document: Document) => void)[] = [
      (document) => delete document.evidence?.text,
      (document) => {
        document.group = "transfer";
      },
      ({ evidence }) => {
        if (evidence !== undefined) evidence.typed_data = { primary_type: "Permit" };
      },
    ];
    for (const other of others) expect(absentOf(rule(reads, optional), text(other))).toEqual(reads);
  });

  it("is not excused with the evidence", () => {
    const without = read("unsupported", (document) => delete document.evidence);
    expect(absentOf(rule(reads, optional), without)).toEqual(reads);
  });
});

describe("what is replaced", () => {
  const reads = ["facts.one.movement.*.asset", "facts.one.movement.*.nonce"];
  const optional = ["facts.one.movement"];

  it("is never absent where something is", () => {
    for (const facts of [undefined, {}, { one: {} }, { two: { spent: "0" } }]) {
      const without = input((document) => {
        if (document.transaction !== undefined) document.transaction.replaces = { how: "drop" };
        if (facts === undefined) delete document.facts;
        else document.facts = facts;
      });
      expect(absentOf(rule(reads, optional), without)).toEqual(reads);
    }
    const partly = input((document) => {
      if (document.transaction !== undefined) document.transaction.replaces = { how: "drop" };
      document.facts = { one: { movement: [{ asset: "ETH", state: "signed" }] } };
    });
    expect(absentOf(rule(reads, optional), partly)).toEqual(["facts.one.movement.*.nonce"]);
  });

  it("may be absent where nothing is, and other facts may not", () => {
    for (const facts of [undefined, {}, { one: {} }, { two: { spent: "0" } }]) {
      const without = input((document) => {
        if (facts === undefined) delete document.facts;
        else document.facts = facts;
      });
      expect(absentOf(rule(reads), without)).toEqual(reads);
      expect(absentOf(rule(reads, optional), without)).toBeUndefined();
      const spent = "facts.one.spent";
      expect(absentOf(rule([...reads, spent], optional), without)).toEqual([spent]);
    }
  });

  it("is not excused without the transaction", () => {
    const without = input((document) => {
      delete document.transaction;
      delete document.facts;
    });
    expect(absentOf(rule(reads, optional), without)).toEqual(reads);
  });
});

describe("what a message moves", () => {
  const reads = ["facts.one.spent.*", "transaction.totals.*.units"];
  const optional = ["facts.one.spent", "transaction.totals"];
  const message = (change: (document: Document) => void) =>
    input((document) => {
      document.kind = "message_signing";
      document.group = "message";
      document.evidence = { status: "verified", key: "verified", effects: [{ type: "call" }] };
      delete document.transaction?.totals;
      delete document.facts;
      change(document);
    });
  const doing = (type: Effect["type"]) => message(({ evidence }) => evidence?.effects?.push({ type }));

  it.each(["transfer", "approve", "permit", "operator_grant"] as const)("has totals: %s", (type) => {
    expect(absentOf(rule(reads, optional), doing(type))).toEqual(reads);
  });

  it("has totals where nobody knows what it does", () => {
    const without = message(({ evidence }) => delete evidence?.effects);
    expect(absentOf(rule(reads, optional), without)).toEqual(reads);
    expect(
      absentOf(
        rule(reads, optional),
        message((document) => delete document.evidence),
      ),
    ).toEqual(reads);
  });

  it("has totals in a transaction", () => {
    const transfer = message((document) => {
      document.group = "transfer";
    });
    expect(absentOf(rule(reads, optional), transfer)).toEqual(["transaction.totals.*.units"]);
  });

  it.each(["call", "admin", "deploy", "delegatecall", "unknown", "fee"] as const)(
    "may have none: %s",
    (type) => {
      expect(absentOf(rule(reads), doing(type))).toEqual(reads);
      expect(absentOf(rule(reads, optional), doing(type))).toBeUndefined();
    },
  );

  it("may have none where it is text, or nobody read it", () => {
    const text = message((document) => {
      document.evidence = { status: "verified", key: "verified", text: "hello" };
    });
    const unread = message((document) => {
      document.evidence = { status: "unsupported", key: "verified" };
    });
    expect(absentOf(rule(reads, optional), text)).toBeUndefined();
    expect(absentOf(rule(reads, optional), unread)).toBeUndefined();
  });
});

describe("flags", () => {
  const reads = ["facts.one.flags.*.open.*.amount.usd_micros", "facts.one.flags.*.open.*.severity"];
  const optional = ["facts.one.flags.*.open.*.amount"];
  const flag = { id: "f", severity: "high", rule: "deposit/x", role: "sender", transaction: "t" } as const;
  const flagged = (open: FlagsAnswer["open"]) =>
    input((document) => {
      document.facts = { one: { flags: { "0x01": { known: true, open } } } };
    });

  it("may say nothing of their worth where the rule says so", () => {
    for (const open of [[flag], [{ ...flag, amount: { token: "ETH", usd_micros: "1" } }, flag]]) {
      expect(absentOf(rule(reads), flagged(open))).toEqual([reads[0]]);
      expect(absentOf(rule(reads, optional), flagged(open))).toBeUndefined();
    }
    const unpriced = flagged([{ ...flag, amount: { token: "ETH" } }]);
    expect(absentOf(rule(reads, optional), unpriced)).toEqual([reads[0]]);
    expect(absentOf(rule(reads), flagged([]))).toBeUndefined();
  });

  it("are never absent for that", () => {
    for (const facts of [undefined, {}, { one: {} }, { two: { spent: "0" } }]) {
      const without = input((document) => {
        if (facts === undefined) delete document.facts;
        else document.facts = facts;
      });
      expect(absentOf(rule(reads, optional), without)).toEqual(reads);
      const [worth] = reads;
      expect(absentOf(rule([worth ?? ""], optional), without)).toEqual([worth]);
    }
  });
});

describe("what the senders of a deposit did", () => {
  const reads = ["facts.one.sent.*"];
  const optional = ["facts.one.sent"];
  const of = (optional: readonly string[]) =>
    indexedRule("deposit/one", [{ code: "ONE", reads: [...reads] }], {
      group: "deposit",
      kinds: ["deposit"],
      optional: [...optional],
    });
  const absent = (change: (document: Document) => void, excused = optional) => {
    const told = input((document) => {
      document.kind = "deposit";
      document.group = "deposit";
      delete document.facts;
      delete document.transaction?.sources;
      change(document);
    });
    return compileReads(ruleIndex([of(excused)]))
      .absentReads("deposit", told)
      .get("deposit/one require ONE");
  };

  it("may be absent where none is named", () => {
    expect(absent(() => {}, [])).toEqual(reads);
    expect(absent(() => {})).toBeUndefined();
    expect(
      absent(({ transaction }) => {
        if (transaction !== undefined) transaction.sources = [{ outpoint: "aa:0" }];
      }),
    ).toBeUndefined();
  });

  it("is never absent where one is", () => {
    expect(
      absent((document) => {
        document.deposit = { sources: [{ address: "0x01" }] };
      }),
    ).toEqual(reads);
    expect(
      absent(({ transaction }) => {
        if (transaction !== undefined) transaction.sources = [{ outpoint: "aa:0" }, { address: "0x01" }];
      }),
    ).toEqual(reads);
  });
});

describe("the original", () => {
  it("is looked into where a rule reads it", () => {
    const reads = ["raw.extra_info.transaction.description"];
    expect(absentOf(rule(reads), { ...BASE, raw: '{"extra_info":{"transaction":{}}}' })).toEqual(reads);
    expect(
      absentOf(rule(reads), { ...BASE, raw: '{"extra_info":{"transaction":{"description":null}}}' }),
    ).toEqual(reads);
    expect(
      absentOf(rule(reads), { ...BASE, raw: '{"extra_info":{"transaction":{"description":""}}}' }),
    ).toBeUndefined();
  });

  it("says nothing by an empty list or object", () => {
    const reads = ["raw.list.*.k"];
    expect(absentOf(rule(reads), { ...BASE, raw: '{"list":[]}' })).toEqual(reads);
    expect(absentOf(rule(reads), { ...BASE, raw: '{"list":{}}' })).toEqual(reads);
    expect(absentOf(rule(reads), { ...BASE, raw: '{"list":[{"k":1},{}]}' })).toEqual(reads);
    expect(absentOf(rule(reads), { ...BASE, raw: '{"list":[{"k":1}]}' })).toBeUndefined();
    expect(absentOf(rule(reads, ["raw.list"]), { ...BASE, raw: '{"list":[]}' })).toBeUndefined();
  });

  it("is not seen where a read ends at an object: nobody knows which members a rule looked at", () => {
    expect(absentOf(rule(["raw"]), { ...BASE, raw: '{"a":1}' })).toEqual(["raw"]);
    expect(absentOf(rule(["raw.a"]), { ...BASE, raw: '{"a":{"k":1}}' })).toEqual(["raw.a"]);
    expect(absentOf(rule(["raw.a"]), { ...BASE, raw: '{"a":["x",{"k":1}]}' })).toEqual(["raw.a"]);
    expect(absentOf(rule(["raw.a", "raw.a.k"]), { ...BASE, raw: '{"a":{"k":1}}' })).toEqual(["raw.a"]);
    expect(absentOf(rule(["raw.a"]), { ...BASE, raw: '{"a":["x","y"]}' })).toBeUndefined();
  });

  it("is not parsed where none does", () => {
    expect(absentOf(rule(["wallet.id"]), { ...BASE, raw: "not JSON" })).toBeUndefined();
  });
});

/** The same by definition: each read of each check alone, no trie. */
function naive(rules: readonly IndexedRule[], document: unknown): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const each of rules) {
    for (const check of each.checks) {
      const absent = [...new Set(check.reads)].filter((path) =>
        breaks(path.split("."), document, []).some((at) => !each.optional.includes(at)),
      );
      if (absent.length > 0) found[checkKey(each, check)] = absent.sort();
    }
  }
  return found;
}

/** The members at which a path breaks off, as the index writes them. */
function breaks(steps: readonly string[], value: unknown, done: readonly string[]): string[] {
  if (value === undefined || value === null) return [done.join(".")];
  const [step, ...rest] = steps;
  if (step === undefined) return [];
  const at = [...done, step];
  if (step !== "*")
    return breaks(
      rest,
      value instanceof Object && Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined,
      at,
    );
  if (!(value instanceof Object)) return [at.join(".")];
  return Object.values(value).flatMap((each) => breaks(rest, each, at));
}

it("agrees with the definition on any document and any reads", () => {
  const name = fc.constantFrom("a", "b", "c");
  const path = fc.array(fc.constantFrom("a", "b", "c", "*"), { minLength: 0, maxLength: 3 });
  const paths = fc.array(
    fc.tuple(name, path).map(([first, rest]) => [first, ...rest].join(".")),
    { maxLength: 6 },
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom("text", 0, false),
      fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
      fc.array(tie("value"), { maxLength: 2 }),
    ),
  }));
  const rules = fc.array(fc.tuple(paths, paths, paths), { minLength: 1, maxLength: 3 }).map((parts) =>
    parts.map(([required, approved, optional], at) =>
      indexedRule(
        `transfer/r${at}`,
        [
          { code: "ONE", reads: required },
          { code: "TWO", part: "approve", reads: approved },
        ],
        { optional },
      ),
    ),
  );
  fc.assert(
    fc.property(rules, fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true }), (some, lists) => {
      const nested = some.map((each) => ({
        ...each,
        optional: each.optional.map((one) => `lists.${one}`),
        checks: each.checks.map((check) => ({ ...check, reads: check.reads.map((one) => `lists.${one}`) })),
      }));
      const document = { ...BASE.document, lists: lists as Document["lists"] & object };
      const absent = compileReads(ruleIndex(nested)).absentReads("transfer", { document, raw: "{}" });
      expect(Object.fromEntries(absent)).toEqual(naive(nested, document));
    }),
    { numRuns: 500 },
  );
});

it("has a base document that the schema knows", () => {
  expect(documentSchema.safeParse(BASE.document).success).toBe(true);
});
