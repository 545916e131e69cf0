/** The file of prices: `{TOKEN: {"usd": "3120.55", "at": 1767225600000}}`, read strictly and token by token. */
import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { type Price, parsePrice } from "../input/pricing.ts";
import { Refusal } from "../input/refusal.ts";
import { decodeUtf8Strict, isJsonObject, type JsonValue, parseStrictJson } from "../input/strict-json.ts";
import { FeedError } from "./feed-error.ts";

const MAX_PRICES_BYTES = 4 * 1024 * 1024;

/**
 * A price as the file, or the store, states it.
 *
 * @property usd - US dollars for one whole unit, as it was spelled.
 * @property at - milliseconds since the epoch.
 */
export interface StatedPrice {
  readonly usd: string;
  readonly price: Price;
  readonly at: number;
}

/** What the file says of one token; `problem` where that is no price. */
export type Statement =
  | { readonly ok: true; readonly stated: StatedPrice }
  | { readonly ok: false; readonly problem: string };

const entrySchema = z.strictObject({ usd: z.string(), at: z.int().min(0) });

/**
 * Reads a file of prices. What is wrong with one token is said of that token alone.
 *
 * @throws {FeedError} for a file that is no such table; a system's error for one that cannot be read.
 */
export async function readPrices(path: string): Promise<ReadonlyMap<string, Statement>> {
  const found = await stat(path);
  if (!found.isFile()) throw new FeedError("it is no file");
  if (found.size > MAX_PRICES_BYTES) throw new FeedError(`it is larger than ${MAX_PRICES_BYTES} bytes`);
  return parsePrices(await readFile(path));
}

/** The bytes of a file of prices: see {@link readPrices}. */
export function parsePrices(bytes: Uint8Array): ReadonlyMap<string, Statement> {
  let value: JsonValue;
  try {
    value = parseStrictJson(decodeUtf8Strict(bytes));
  } catch (error) {
    throw error instanceof Refusal ? new FeedError(error.message) : error;
  }
  if (!isJsonObject(value)) throw new FeedError("it is no JSON object of prices by token");
  return new Map(Object.entries(value).map(([token, entry]) => [token, statementOf(entry)]));
}

function statementOf(entry: JsonValue): Statement {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) {
    const [member] = parsed.error.issues[0]?.path ?? [];
    const problem =
      member === "usd"
        ? "usd is no string"
        : member === "at"
          ? "at is no whole number of milliseconds"
          : "not {usd, at}";
    return { ok: false, problem };
  }
  const { usd, at } = parsed.data;
  const price = parsePrice(usd);
  if (price === undefined) {
    return { ok: false, problem: usd.startsWith("-") ? "negative" : "usd is no plain decimal" };
  }
  return price.value === 0n ? { ok: false, problem: "zero" } : { ok: true, stated: { usd, price, at } };
}
