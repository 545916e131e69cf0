import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Document, PUSH_STATUSES, type PushStatus } from "../../input/document.ts";
import { compare, type Particulars, particularsOf, particularsOfText } from "./query-compare.ts";

type Members = Pick<Document, "kind" | "transaction" | "deposit">;

const DEPOSIT: Members = {
  kind: "deposit",
  transaction: {
    cobo_id: "20201207150724000192033000003701",
    type: "Deposit",
    token: "TRON",
    internal: false,
    destinations: [{ address: "TZAt", memo: "1175609358", amount: { token: "TRON", text: "0.000001" } }],
  },
  deposit: {
    status: "success",
    outpoint: { hash: "6c2df6f6", index: 0 },
    confirmations: 27,
    threshold: 27,
    coin: { code: "TRON", decimals: 6 },
  },
};

function particulars(members: Partial<Members> = {}): Particulars {
  const found = particularsOf({ ...DEPOSIT, ...members });
  if (found === undefined) throw new Error("it states no status");
  return found;
}

const transaction = (members: Partial<NonNullable<Document["transaction"]>>) =>
  particulars({ transaction: { ...DEPOSIT.transaction, ...members } });
const deposit = (members: Partial<NonNullable<Document["deposit"]>>) =>
  particulars({ deposit: { ...DEPOSIT.deposit, ...members } });
const payment = (members: object) =>
  transaction({ destinations: [{ ...DEPOSIT.transaction?.destinations?.[0], ...members }] });
const ofStatus = (status: PushStatus) => deposit({ status });

const fieldsOf = (pushed: Particulars, answered: Particulars) =>
  compare(pushed, answered).differences.map(({ field }) => field);

describe("a difference", () => {
  test.each<[string, Particulars]>([
    ["kind", particulars({ kind: "withdrawal" })],
    ["transaction.cobo_id", transaction({ cobo_id: "20201207150724000192033000003702" })],
    ["transaction.type", transaction({ type: "Withdrawal" })],
    ["transaction.token", transaction({ token: "TRON_USDT" })],
    ["transaction.internal", transaction({ internal: true })],
    ["deposit.internal", deposit({ internal: true })],
    ["deposit.coin.decimals", deposit({ coin: { code: "TRON", decimals: 18 } })],
    ["deposit.outpoint.hash", deposit({ outpoint: { hash: "6c2df6f7", index: 0 } })],
    ["deposit.outpoint.index", deposit({ outpoint: { hash: "6c2df6f6", index: 1 } })],
    ["deposit.nft.contract", deposit({ nft: { contract: "0xabc" } })],
    ["deposit.nft.token_id", deposit({ nft: { token_id: "7" } })],
    ["deposit.nft.amount", deposit({ nft: { amount: "1" } })],
    ["deposit.nft.code", deposit({ nft: { code: "N" } })],
    ["transaction.destinations[0].address", payment({ address: "TZAu" })],
    ["transaction.destinations[0].memo", payment({ memo: "1175609359" })],
    ["transaction.destinations[0].amount", payment({ amount: { token: "TRON", text: "0.000002" } })],
    ["transaction.destinations[0].token", payment({ amount: { token: "TRX", text: "0.000001" } })],
  ])("%s, whoever of the two is right", (field, other) => {
    expect(fieldsOf(particulars(), other)).toEqual([field]);
    expect(fieldsOf(other, particulars())).toEqual([field]);
  });

  test("what the answer leaves out", () => {
    expect(fieldsOf(particulars(), payment({ memo: undefined }))).toEqual([
      "transaction.destinations[0].memo",
    ]);
    expect(fieldsOf(particulars(), payment({ address: undefined }))).toEqual([
      "transaction.destinations[0].address",
    ]);
    expect(fieldsOf(particulars(), deposit({ outpoint: undefined }))).toEqual([
      "deposit.outpoint.hash",
      "deposit.outpoint.index",
    ]);
    expect(fieldsOf(particulars(), transaction({ destinations: undefined })).length).toBe(4);
  });

  test("a memo that the push left out: it may be somebody else's deposit", () => {
    expect(compare(payment({ memo: undefined }), particulars())).toEqual({
      differences: [{ field: "transaction.destinations[0].memo", answered: "1175609358" }],
    });
  });

  test("another destination besides", () => {
    const [first] = DEPOSIT.transaction?.destinations ?? [];
    const two = transaction({
      destinations: [...(first ? [first] : []), { address: "TA", amount: { token: "TRON", text: "9" } }],
    });
    expect(fieldsOf(particulars(), two).length).toBeGreaterThan(0);
  });

  test.each<[PushStatus, PushStatus[]]>([
    ["pending", []],
    ["confirming", []],
    ["reorganized", []],
    ["reverting", ["pending", "confirming", "success", "reorganized"]],
  ])("a status that does not follow from %s", (status, wrong) => {
    const found = PUSH_STATUSES.filter((other) => fieldsOf(ofStatus(status), ofStatus(other)).length > 0);
    expect(found.sort()).toEqual(wrong.sort());
    for (const other of found) {
      expect(compare(ofStatus(status), ofStatus(other)).differences).toEqual([
        { field: "deposit.status", pushed: status, answered: other },
      ]);
    }
  });

  test("one that was pushed as final and is not", () => {
    for (const status of ["success", "failed"] as const) {
      for (const answered of PUSH_STATUSES.filter((other) => other !== status)) {
        expect(compare(ofStatus(status), ofStatus(answered))).toEqual({
          differences: [],
          behind: { field: "deposit.status", pushed: status, answered },
        });
      }
    }
    const other = { ...ofStatus("confirming"), fields: { kind: "deposit" } };
    expect(compare(ofStatus("success"), other)).not.toHaveProperty("behind");
  });
});

describe("no difference", () => {
  test.each<[PushStatus, PushStatus]>([
    ["pending", "success"],
    ["confirming", "success"],
    ["confirming", "reorganized"],
    ["reverting", "failed"],
    ["reorganized", "success"],
  ])("%s that is %s by now", (pushed, answered) => {
    expect(compare(ofStatus(pushed), ofStatus(answered))).toEqual({ differences: [] });
  });

  test("what moves, and what comes later", () => {
    const early = deposit({ status: "confirming", outpoint: undefined, confirmations: 1 });
    expect(compare(early, particulars())).toEqual({ differences: [] });
    expect(compare(transaction({ type: undefined }), particulars())).toEqual({ differences: [] });
    expect(compare(particulars(), transaction({ type: undefined }))).toEqual({ differences: [] });
    expect(compare(particulars(), deposit({ fee: { token: "TRON", text: "1" }, updated_at: 5 }))).toEqual({
      differences: [],
    });
  });

  test("addresses and hashes in another spelling, where it is one that does not matter", () => {
    const address = `0x${"aB".repeat(20)}`;
    const hash = "aB".repeat(32);
    expect(compare(payment({ address }), payment({ address: address.toLowerCase() }))).toEqual({
      differences: [],
    });
    expect(
      compare(
        deposit({ outpoint: { hash, index: 0 } }),
        deposit({ outpoint: { hash: `0x${hash.toLowerCase()}`, index: 0 } }),
      ),
    ).toEqual({ differences: [] });
    expect(fieldsOf(payment({ address: "TZAt" }), payment({ address: "TZAT" }))).toHaveLength(1);
  });

  test("destinations in another order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ address: fc.string({ minLength: 1 }), text: fc.nat().map(String) }), {
          maxLength: 5,
        }),
        fc.nat(),
        (payments, turn) => {
          const destinations = payments.map(({ address, text }) => ({
            address,
            amount: { token: "TRON", text },
          }));
          const at = payments.length === 0 ? 0 : turn % payments.length;
          const turned = [...destinations.slice(at), ...destinations.slice(0, at)];
          expect(compare(transaction({ destinations }), transaction({ destinations: turned }))).toEqual({
            differences: [],
          });
        },
      ),
    );
  });
});

describe("the text of a stored document", () => {
  test.each(["", "{", "[]", '{"kind":"deposit"}', '{"kind":"deposit","deposit":{}}', '{"kind":"gift"}'])(
    "that is none of a push: %s",
    (text) => expect(particularsOfText(text)).toBeUndefined(),
  );

  test("with whatever else is in it", () => {
    const text = JSON.stringify({ ...DEPOSIT, version: 1, facts: { a: { b: "1" } }, lists: {} });
    expect(particularsOfText(text)).toEqual(particulars());
  });
});
