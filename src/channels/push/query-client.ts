/**
 * Asks Cobo's WaaS1 API about a transaction. A request is signed with our API key; an answer counts only where it is
 * signed with one of the keys that pushes are signed with, over its bytes and its own time. One that is not, with
 * whatever status, says nothing but that there was no answer.
 *
 * The signature covers the answer alone, not the question: that it is about the transaction that was asked for is for
 * the comparison to find.
 */
import {
  decodeUtf8Strict,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseStrictJson,
} from "../../input/strict-json.ts";
import { codeOf, messageOf } from "../../thrown.ts";
import type { QueryConnections, QueryResponse } from "./query-http.ts";
import type { QueryKey } from "./query-key.ts";

const TIMEOUT_MS = 10_000;
/** An older answer is one that somebody kept: the time in it is signed. Both clocks may be wrong, too. */
const ANSWER_WINDOW_MS = 15 * 60_000;
const MAX_WORDS = 200;

/**
 * There is no answer, or none that counts.
 *
 * @property refused - Cobo turned our key away: that does not mend itself.
 */
export class QueryFailure extends Error {
  override readonly name = "QueryFailure";
  readonly refused: boolean;

  /** @param message - for people; no secret is in it, and nothing of an answer that is not signed. */
  constructor(message: string, refused = false) {
    super(message);
    this.refused = refused;
  }
}

/** A signed answer about one transaction that is not understood: it says nothing of the others. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
}

/** @property path - begins and ends with a slash. @property params - values that need little encoding: see `query.ts`. */
export interface Query {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
}

/** What a signed answer says: a result, or that there is no such transaction. */
export type QueryAnswer =
  | { readonly known: true; readonly result: JsonValue | undefined }
  | { readonly known: false };

/**
 * Whether one of the configured push keys signed the bytes.
 *
 * @param headers - names and values in turn.
 * @returns the signed time in milliseconds; undefined where no key fits, or headers are missing or contradict.
 */
export type VerifyAnswer = (body: Uint8Array, headers: readonly string[]) => number | undefined;

export interface QueryClientOptions {
  /** Scheme and host: paths are the API's own. */
  readonly baseUrl: URL;
  readonly key: QueryKey;
  readonly connections: QueryConnections;
  readonly verify: VerifyAnswer;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds for one answer. */
  readonly timeoutMs?: number;
}

/** Cobo's error codes that concern our key and not the question. */
const REFUSALS: Readonly<Record<number, string>> = {
  1001: "our signature",
  1005: "our nonce: compare the clocks",
  1007: "our key: it lacks the permission",
  12000: "our signature headers",
  12001: "our signature",
  12003: "our key: it lacks the permission",
  12005: "our key: it lacks the permission",
  12006: "our address: it is not whitelisted",
};
const TRANSACTION_DOES_NOT_EXIST = 12004;

export class QueryClient {
  readonly #options: QueryClientOptions;
  #lastNonce = 0;

  constructor(options: QueryClientOptions) {
    this.#options = options;
  }

  /** @throws QueryFailure */
  async ask(query: Query): Promise<QueryAnswer> {
    const response = await this.#get(query);
    const { status, body } = response;
    const signedAt = this.#options.verify(body, response.headers);
    if (signedAt === undefined) throw unsigned(status);
    const age = Math.abs(this.#options.now() - signedAt);
    if (age > ANSWER_WINDOW_MS) {
      throw new QueryFailure(`an answer whose time is ${Math.round(age / 60_000)} minutes from ours`);
    }
    return read(body, status);
  }

  /** Ends what is under way. */
  close(): void {
    this.#options.connections.close();
  }

  async #get({ path, params }: Query): Promise<QueryResponse> {
    const { baseUrl, key, connections, now, timeoutMs = TIMEOUT_MS } = this.#options;
    // Two requests of one millisecond: a nonce is used once.
    const nonce = Math.max(now(), this.#lastNonce + 1);
    this.#lastNonce = nonce;
    const encoded = encodeParams(params);
    const url = new URL(path, baseUrl);
    url.search = encoded;
    const headers = {
      "Biz-Api-Key": key.point,
      "Biz-Api-Nonce": String(nonce),
      "Biz-Api-Signature": key.sign({ method: "GET", path, nonce, params: encoded }),
    };
    try {
      return await connections.get(url, headers, timeoutMs);
    } catch (error) {
      throw new QueryFailure(transportProblem(error));
    }
  }
}

/** Sorted by name, form-urlencoded: what is signed is what is sent. */
export function encodeParams(params: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams(params);
  search.sort();
  return search.toString();
}

/** @throws QueryFailure */
function read(body: Uint8Array, status: number): QueryAnswer {
  const envelope = envelopeOf(body);
  if (envelope?.["success"] === true) return { known: true, result: envelope["result"] };
  const code = envelope?.["error_code"];
  if (envelope?.["success"] !== false || typeof code !== "number") {
    throw new QueryFailure(`a signed answer that is not understood (HTTP ${status})`);
  }
  if (code === TRANSACTION_DOES_NOT_EXIST) return { known: false };
  const refused = REFUSALS[code];
  if (refused !== undefined) throw new QueryFailure(`error ${code}: Cobo refuses ${refused}`, true);
  const words = envelope["error_message"] ?? envelope["error_description"];
  throw new QueryFailure(`error ${code}${typeof words === "string" ? `: ${printable(words)}` : ""}`);
}

function envelopeOf(body: Uint8Array): JsonObject | undefined {
  try {
    const value = parseStrictJson(decodeUtf8Strict(body));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a server or a proxy says without a signature; its body is not looked at. */
function unsigned(status: number): QueryFailure {
  if (status === 401 || status === 403) {
    return new QueryFailure(`HTTP ${status} without a good signature: our key may be refused`, true);
  }
  if (status >= 300 && status < 400) return new QueryFailure(`HTTP ${status}: redirections are not followed`);
  return new QueryFailure(`HTTP ${status} without a good signature`);
}

/** An error of the system by its code: its message may name addresses of the inside. */
function transportProblem(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? messageOf(error) : `no answer (${code})`;
}

function printable(words: string): string {
  return words.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_WORDS);
}
