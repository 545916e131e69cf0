import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nowMembers } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
import { type Freeze, Freezes, type Leaving, parseScope } from "./freeze.ts";

const EVM = `0x${"ab".repeat(20)}`;

function transfer(members: Partial<Document> = {}): Document {
  return {
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id: "r", source: "node-1", received_at: 1 },
    now: nowMembers(1, "UTC"),
    organization: { id: "o" },
    vault: { id: "v" },
    wallet: { id: "w" },
    initiator: { id: "i" },
    transaction: {
      chain: "ETH",
      token: "ETH_USDT",
      destinations: [
        { address: EVM, amount: { token: "ETH_USDT", units: "1" } },
        { address: "other", amount: { token: "ETH_USDT" } },
      ],
      contract: { address: "contract" },
    },
    evidence: { status: "verified", key: "verified", effects: [PAYS] },
    ...members,
  };
}

const PAYS = { type: "transfer", asset: "ETH_USDT", to: "other" } as const;

function freeze(scope: string, id = "f_1"): Freeze {
  return { id, scope: [scope], at: 7, reason: "keys lost", by: "alice" };
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "freeze-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function freezes(): Freezes {
  const all = new Freezes(join(directory, "FREEZE"));
  all.restored();
  return all;
}

describe("a scope", () => {
  it.each([
    "",
    "All",
    "wallet",
    "wallet:",
    "wallet: w",
    ":w",
    "user:w",
    "destination:",
    `wallet:${"w".repeat(600)}`,
  ])("is refused: %s", (text) => {
    expect(() => parseScope(text)).toThrow(/not a scope; one of all, organization:ID/);
  });

  const hits = [
    "all",
    "organization:o",
    "vault:v",
    "wallet:w",
    "chain:ETH",
    "token:ETH_USDT",
    "initiator:i",
    `destination:${EVM.toUpperCase().replace("X", "x")}`,
    `destination:ETH/${EVM}`,
    "destination:other",
    "destination:contract",
  ];
  it.each(hits)("%s covers the transfer", (scope) => {
    const all = freezes();
    expect(all.refusalOf(transfer())).toBeUndefined();
    all.add(freeze(scope));
    expect(all.refusalOf(transfer())).toMatchObject({
      code: "FROZEN",
      message: expect.stringContaining("is frozen by alice (f_1): keys lost"),
      values: { freeze: "f_1", since: 7, by: "alice", reason: "keys lost" },
    });
    all.remove("f_1");
    expect(all.refusalOf(transfer())).toBeUndefined();
  });

  it.each([
    "organization:O",
    "vault:w",
    "wallet:v",
    "chain:BTC",
    "token:ETH",
    "initiator:x",
    "destination:BTC/other",
    "destination:nobody",
  ])("%s does not cover the transfer", (scope) => {
    const all = freezes();
    all.add(freeze(scope));
    expect(all.refusalOf(transfer())).toBeUndefined();
  });

  it.each([...hits, "wallet:another", "destination:BTC/x", "token:x"])(
    "%s covers what does not state the member",
    (scope) => {
      const all = freezes();
      all.add(freeze(scope));
      const { version, kind, group, channel, request, now } = transfer();
      expect(all.refusalOf({ version, kind, group, channel, request, now })?.code).toBe("FROZEN");
    },
  );

  it.each([
    ["destination:bc1qxyz", "BC1QXYZ"],
    ["destination:BC1QXYZ", "bc1qxyz"],
    [`destination:BTC/${EVM.toUpperCase()}`, EVM],
    [`destination:${EVM}`, EVM.toUpperCase()],
  ])("%s covers %s, which is the same address", (scope, address) => {
    const all = freezes();
    all.add(freeze(scope));
    const transaction = { chain: "BTC", destinations: [{ address }] };
    expect(all.refusalOf(transfer({ transaction }))?.code).toBe("FROZEN");
  });

  it("covers a contract call whose effects nobody has read, whatever it may move", () => {
    const unread = transfer({ evidence: { status: "unsupported", key: "unsupported" } });
    for (const scope of ["token:ETH_DAI", "destination:somebody", "destination:ETH/somebody"]) {
      const all = freezes();
      all.add(freeze(scope));
      expect(all.refusalOf(transfer())).toBeUndefined();
      expect(all.refusalOf(unread)?.code).toBe("FROZEN");
    }
  });

  it.each(["call", "unknown", "delegatecall", "admin", "deploy"] as const)(
    "covers a %s beside what the bytes are known to pay: it may move anything",
    (type) => {
      const effects = [PAYS, { type, to: "contract" }];
      const document = transfer({ evidence: { status: "verified", key: "verified", effects } });
      for (const scope of ["token:ETH_DAI", "destination:somebody", "destination:ETH/somebody"]) {
        const all = freezes();
        all.add(freeze(scope));
        expect(all.refusalOf(document)?.code).toBe("FROZEN");
      }
    },
  );

  it("covers a destination whose address is not stated", () => {
    const all = freezes();
    all.add(freeze("destination:somebody"));
    expect(all.refusalOf(transfer({ transaction: { chain: "ETH", destinations: [{}] } }))?.code).toBe(
      "FROZEN",
    );
  });
});

describe("the file FREEZE", () => {
  it("freezes all while it is there, and when it can't be looked for", () => {
    const all = freezes();
    writeFileSync(join(directory, "FREEZE"), "");
    expect(all.refusalOf(transfer())).toMatchObject({ code: "FROZEN", values: { file: "FREEZE" } });
    rmSync(join(directory, "FREEZE"));
    expect(all.refusalOf(transfer())).toBeUndefined();
    mkdirSync(join(directory, "FREEZE"));
    expect(all.refusalOf(transfer())?.code).toBe("FROZEN");
    rmSync(join(directory, "FREEZE"), { recursive: true });
    symlinkSync(join(directory, "nowhere"), join(directory, "FREEZE"));
    expect(all.refusalOf(transfer())?.code).toBe("FROZEN");

    writeFileSync(join(directory, "file"), "");
    const unseen = new Freezes(join(directory, "file", "FREEZE"));
    unseen.restored();
    expect(unseen.refusalOf(transfer())?.code).toBe("FROZEN");
  });
});

it("approves nothing before the freezes of the ledger are in force again", () => {
  const all = new Freezes(join(directory, "FREEZE"));
  expect(all.refusalOf(transfer())?.code).toBe("LEDGER_UNAVAILABLE");
});

describe("an approval that leaves", () => {
  function leaving(): Leaving & { done(): void; destroy: ReturnType<typeof vi.fn> } {
    const callbacks: (() => void)[] = [];
    const done = () => {
      for (const callback of callbacks.splice(0)) callback();
    };
    return { onDone: (callback) => callbacks.push(callback), done, destroy: vi.fn(done) };
  }

  it("is refused by a freeze that came first, and waited for by one that came later", async () => {
    const all = freezes();
    const answer = leaving();
    expect(all.letLeave(transfer(), answer)).toBeUndefined();
    all.add(freeze("wallet:w"));
    expect(all.letLeave(transfer(), leaving())?.code).toBe("FROZEN");
    let settled = false;
    const waiting = all.settled().then(() => {
      settled = true;
    });
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    answer.done();
    await waiting;
    expect(settled).toBe(true);
    await all.settled();
  });

  it("is cut off where the client does not take it", async () => {
    const all = freezes();
    const answer = leaving();
    all.letLeave(transfer(), answer);
    all.add(freeze("all"));
    await all.settled();
    expect(answer.destroy).toHaveBeenCalledOnce();
  });
});
