/**
 * Answers to tokens that are not believed. Whoever sends them has shown nothing, and must not make the server
 * sign for each: one answer a code and a key is signed a minute, and serves all that ask for it meanwhile. It
 * has nothing of the request in it, nor an id of ours.
 */
import type { KeyObject } from "node:crypto";
import { type HostCode, statusOf } from "../../input/refusal.ts";
import type { Replier } from "./reply.ts";

/** An answer is signed anew after this long, or when half of its own life is over. */
const REUSE_MS = 60_000;

/** One sentence a code: what exactly was wrong with a token stays in the log. */
const MESSAGES: Partial<Record<HostCode, string>> = {
  TOKEN_MISSING: "the form field TSS_JWT_MSG is missing, empty or there twice",
  TOKEN_MALFORMED: "the token is not a well-formed JWS in compact form",
  TOKEN_ALGORITHM: "the token is not signed with RS256",
  TOKEN_SIGNATURE: "the token's signature fits no key of a configured node",
  TOKEN_NO_EXPIRY: "the token has no exp, or one that is not an integer",
  TOKEN_EXPIRED: "the token has expired",
};

interface Signed {
  readonly at: number;
  readonly token: Promise<string>;
}

export class RefusedTokenReplies {
  readonly #now: () => number;
  readonly #signed = new Map<KeyObject, Map<HostCode, Signed>>();

  /** @param now - milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The signed answer to a refused token.
   *
   * @param refusal - of it only the code counts.
   * @param key - the key that `replier` signs with.
   */
  reply(refusal: { readonly code: HostCode }, key: KeyObject, replier: Replier): Promise<string> {
    const { code } = refusal;
    const at = this.#now();
    let ofKey = this.#signed.get(key);
    if (ofKey === undefined) {
      ofKey = new Map();
      this.#signed.set(key, ofKey);
    }
    const stored = ofKey.get(code);
    const reuse = Math.min(REUSE_MS, replier.lifetimeMs / 2);
    // A clock that was set back must not stretch an answer's life.
    if (stored !== undefined && at >= stored.at && at < stored.at + reuse) return stored.token;
    const token = replier.reject({
      status: statusOf(code),
      requestId: "",
      code,
      message: MESSAGES[code] ?? "the token is refused",
    });
    const signed = { at, token };
    ofKey.set(code, signed);
    token.catch(() => {
      if (ofKey.get(code) === signed) ofKey.delete(code);
    });
    return token;
  }
}
