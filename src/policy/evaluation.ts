/** What an evaluation comes to, and who makes one. */
import type { Entrypoint } from "./rule-index.ts";

const MAX_MESSAGE = 240;

/** `result` is the policy's own and of any shape; `undefined` where the entrypoint is undefined. */
export type Evaluation =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: "POLICY_ERROR" | "POLICY_TIMEOUT"; readonly message: string };

/** What answers for a release. */
export interface Evaluator {
  /** Whether it takes no more questions. */
  readonly closed: boolean;
  /**
   * Evaluates an entrypoint. Never rejects and always settles.
   *
   * @param input - the JSON text of an object, written by our own serializer.
   */
  evaluate(entrypoint: Entrypoint, input: string): Promise<Evaluation>;
  /** Takes no more questions, lets those in line be answered, and ends what answers. */
  close(): Promise<void>;
}

/** @param message - cut to a length that a reply and a log line bear. */
export function failure(code: "POLICY_ERROR" | "POLICY_TIMEOUT", message: string): Evaluation {
  return { ok: false, code, message: message.slice(0, MAX_MESSAGE) };
}

/**
 * @param text - the result set as the module wrote it.
 * @returns the one result; undefined where there is none, or anything but exactly one.
 */
export function readResultSet(text: string): Evaluation {
  try {
    const set: unknown = JSON.parse(text);
    const only: unknown = Array.isArray(set) && set.length === 1 ? set[0] : undefined;
    const defined = typeof only === "object" && only !== null && "result" in only;
    return { ok: true, result: defined ? only.result : undefined };
  } catch {
    return failure("POLICY_ERROR", "the policy's answer is not JSON");
  }
}
