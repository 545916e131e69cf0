/** The thread behind `signer.ts`: texts in, RS256 signatures out, in the same order. */
import { type KeyObject, sign } from "node:crypto";
import { parentPort } from "node:worker_threads";
import type { SignAnswer, SignOrder } from "./signer.ts";

/** Those of a batch that are done leave when they have waited so long, with a key that takes longer one by one. */
const HOLD_MS = 2;

const keys: KeyObject[] = [];

function signatureOf(text: string, key: KeyObject | undefined): string | null {
  if (key === undefined) return null;
  try {
    return sign("sha256", Buffer.from(text, "latin1"), key).toString("base64url");
  } catch {
    return null;
  }
}

parentPort?.on("message", (order: SignOrder) => {
  keys.push(...order.newKeys);
  let signatures: (string | null)[] = [];
  let since = performance.now();
  const leave = () => {
    const answer: SignAnswer = { signatures };
    parentPort?.postMessage(answer);
    signatures = [];
    since = performance.now();
  };
  for (const { text, key } of order.jobs) {
    signatures.push(signatureOf(text, keys[key]));
    if (performance.now() - since > HOLD_MS) leave();
  }
  if (signatures.length > 0) leave();
});
