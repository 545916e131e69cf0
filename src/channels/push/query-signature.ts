/** Whether an answer of Cobo's is Cobo's: signed as push messages are, with the same keys. */
import type { PushKey } from "./keys.ts";
import type { VerifyAnswer } from "./query-client.ts";
import { PushRefusal, verifyPush } from "./signature.ts";

/** @param keys - those of `push.keys`. */
export function answerTime(keys: readonly PushKey[]): VerifyAnswer {
  return (body, headers) => {
    try {
      return verifyPush(body, headers, keys).timestampMs;
    } catch (error) {
      if (error instanceof PushRefusal) return undefined;
      throw error;
    }
  };
}
