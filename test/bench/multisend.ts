/** The largest transaction that a treasury sends at once: a Safe that pays many, in one call. */
import { concat, getBytes, Interface, toBeHex, ZeroAddress, zeroPadValue } from "ethers";
import { normalize } from "../../src/channels/tss/normalize.ts";
import { parseCallback } from "../../src/channels/tss/wire.ts";
import type { Unseen } from "../../src/evidence/evidence.ts";
import { nowMembers } from "../../src/input/clock.ts";
import type { Knowledge } from "../../src/policy/assets.ts";
import { bytesOf } from "../fixtures/callbacks/callbacks.ts";
import { demoCallback, STRANGER, USDT, withBytes, withWords } from "../support/evidence.ts";

const ABI = new Interface([
  "function transfer(address,uint256)",
  "function multiSend(bytes)",
  "function execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
]);
/** MultiSendCallOnly 1.3.0, which the default release knows. */
const MULTISEND = "0x40a2accbd92bca938b02010e17a5b8929b49130d";

/** @param calls - token transfers in it. */
export function multisend(calls: number, knowledge: Knowledge): Unseen {
  const packed = concat(
    Array.from({ length: calls }, (_, index) => {
      const data = ABI.encodeFunctionData("transfer", [
        zeroPadValue(toBeHex(index + 1), 20),
        1n + BigInt(index),
      ]);
      const length = zeroPadValue(toBeHex(getBytes(data).length), 32);
      return concat(["0x00", USDT, zeroPadValue("0x00", 32), length, data]);
    }),
  );
  const inner = ABI.encodeFunctionData("multiSend", [packed]);
  const data = ABI.encodeFunctionData("execTransaction", [
    ...[MULTISEND, 0n, inner, 1, 0n, 0n, 0n, ZeroAddress, ZeroAddress, `0x${"11".repeat(65)}`],
  ]);
  const callback = withWords(demoCallback("contract-call-approval"), {
    "destination.address": STRANGER,
    "destination.calldata": data,
    "fee.gas_limit": "9000000",
  });
  const parsed = parseCallback(
    bytesOf(withBytes(callback, { to: STRANGER, data, gasLimit: 9_000_000 })),
    "v2",
  );
  if (parsed.type === "ping") throw new TypeError("a ping is no transaction");
  const now = nowMembers(Date.now(), "UTC");
  return normalize(parsed, { source: "bench", receivedAt: now.ms, now, ...knowledge });
}
