import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { callbackText } from "../../../test/fixtures/callbacks/callbacks.ts";
import { nowMembers } from "../../input/clock.ts";
import { Refusal } from "../../input/refusal.ts";
import { kindOfV2, kindsAsMarkdown, signingOfV1 } from "./kinds.ts";
import { normalize } from "./normalize.ts";
import { parseCallback } from "./wire.ts";
import { OPERATIONS_V1, TRANSACTION_TYPES_V1 } from "./wire-v1.ts";
import { TRANSACTION_TYPES } from "./wire-v2.ts";
import { DESTINATION_TYPES } from "./wire-v2-transfer.ts";

function kindOrCode(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

describe("version 2", () => {
  it("knows these pairs and no other", () => {
    const known = new Map<string, string[]>();
    for (const type of [...TRANSACTION_TYPES, "" as const, undefined]) {
      for (const destination of DESTINATION_TYPES) {
        const found = kindOrCode(() => kindOfV2(type, destination));
        known.set(found, [...(known.get(found) ?? []), `${type} ${destination}`]);
      }
    }
    expect(known.get("KIND_UNKNOWN")).toHaveLength(9 * 16 - 28);
    expect(known.get("message_signing")).toEqual([
      "MessageSign EVM_EIP_191_Signature",
      "MessageSign EVM_EIP_712_Signature",
      "MessageSign BTC_BIP_137_Signature",
      "MessageSign BTC_BIP_322_Signature",
      "MessageSign COSMOS_ADR_36_Signature",
      "MessageSign Raw_Message_Signature",
      "ExternalSafeTx EVM_EIP_712_Signature",
    ]);
    expect(known.get("transaction_signing")?.some((pair) => /Deposit|Signature|undefined/.test(pair))).toBe(
      false,
    );
    expect(known.get("transaction_signing")).toContain("Withdrawal ExchangeWallet");
    expect(known.get("transaction_signing")).toContain("Unstake SOL_Contract");
  });

  it.each([
    ["Withdrawal", "EVM_Contract"],
    ["ContractCall", "Address"],
    ["MessageSign", "Address"],
    ["Withdrawal", "EVM_EIP_712_Signature"],
    ["Deposit", "DepositToAddress"],
    ["Deposit", "Address"],
    ["Withdrawal", "DepositToWallet"],
  ] as const)("refuses %s to %s", (type, destination) => {
    expect(kindOrCode(() => kindOfV2(type, destination))).toBe("KIND_UNKNOWN");
  });
});

describe("version 1", () => {
  it("lets messages be signed by their own types alone, and nothing else by these", () => {
    for (const operation of OPERATIONS_V1) {
      for (const type of TRANSACTION_TYPES_V1) {
        const message = [302, 304, 305].includes(type);
        const expected =
          (operation === 300) !== message
            ? "KIND_UNKNOWN"
            : message
              ? "message_signing"
              : "transaction_signing";
        expect(kindOrCode(() => signingOfV1(operation, type).kind)).toBe(expected);
      }
    }
  });

  it.each([
    [0, 100],
    [100, 0],
    [undefined, 100],
    [100, undefined],
  ] as const)("refuses operation %s with type %s", (operation, type) => {
    expect(kindOrCode(() => signingOfV1(operation, type).kind)).toBe("KIND_UNKNOWN");
  });

  it("names the transaction's type", () => {
    expect(signingOfV1(100, 102).type).toBe("Withdrawal");
    expect(signingOfV1(200, 303).type).toBe("ContractCall");
    expect(signingOfV1(100, 501).type).toBe("Stake");
    expect(signingOfV1(300, 305).type).toBe("MessageSign");
  });
});

it("prints every type", () => {
  const text = kindsAsMarkdown();
  for (const type of TRANSACTION_TYPES) expect(text.includes(`\`${type}\``)).toBe(type !== "Deposit");
  for (const type of TRANSACTION_TYPES_V1) expect(text).toContain(`\`${type}\``);
  expect(text).toContain("| 5 KeyShareSign | | | `key_share_signing` |");
});

describe("docs/input.md", () => {
  const page = readFileSync(new URL("../../../docs/input.md", import.meta.url), "utf8");
  const [, section = ""] = /<!-- generated: kinds -->\n(.*?)<!-- \/generated -->/s.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| (\d) (\w+) \| ?(.*?) \| ?(.*?) \| `(\w+)` \|$/gm)].map(
    ([, type, name, one = "", other = "", kind = ""]) => ({
      request: `${type} ${name}`,
      one: words(one),
      other: words(other),
      kind,
    }),
  );

  function words(cell: string): string[] {
    return [...cell.matchAll(/`(\w+)`/g)].map(([, word = ""]) => word);
  }

  /** What the page says of a pair; every other pair is unknown. */
  function stated(one: string | number, other: string | number): string {
    const found = rows.filter((row) => row.one.includes(String(one)) && row.other.includes(String(other)));
    expect(found.length).toBeLessThan(2);
    return found[0]?.kind ?? "KIND_UNKNOWN";
  }

  it("has the generated table and nothing else between its marks", () => {
    expect(section).toBe(kindsAsMarkdown());
  });

  it("says of each pair of types what the code says", () => {
    for (const type of TRANSACTION_TYPES) {
      for (const destination of DESTINATION_TYPES) {
        expect(kindOrCode(() => kindOfV2(type, destination))).toBe(stated(type, destination));
      }
    }
    for (const operation of OPERATIONS_V1) {
      for (const type of TRANSACTION_TYPES_V1) {
        expect(kindOrCode(() => signingOfV1(operation, type).kind)).toBe(stated(operation, type));
      }
    }
  });

  it.each([
    ["1 KeyGen", "v2-keygen-secp256k1", "v2"],
    ["1 KeyGen", "v1-keygen-secp256k1", "v1"],
    ["3 KeyReshare", "v2-keyreshare-recovery", "v2"],
    ["3 KeyReshare", "v1-keyreshare-secp256k1", "v1"],
    ["5 KeyShareSign", "v2-keysharesign-one-group", "v2"],
  ] as const)("says of %s what becomes of %s", (request, name, payload) => {
    const task = parseCallback(new TextEncoder().encode(callbackText(name)), payload);
    if (task.type === "ping") throw new Error("the example is a ping");
    const now = nowMembers(0, "UTC");
    const { document } = normalize(task, { source: "node-1", receivedAt: 0, now, tokens: {}, chains: {} });
    const [row, ...more] = rows.filter((each) => each.request === request);
    expect(more).toEqual([]);
    expect(document.kind).toBe(row?.kind);
  });

  it("has a row for these requests and no other", () => {
    const requests = new Set(rows.map(({ request }) => request));
    expect([...requests].sort()).toEqual(["1 KeyGen", "2 KeySign", "3 KeyReshare", "5 KeyShareSign"]);
  });
});
