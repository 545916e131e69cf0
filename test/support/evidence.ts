/** Requests whose bytes are made to measure, and what the server sees in them before any rule is asked. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Transaction, type TransactionLike } from "ethers";
import { parse } from "yaml";
import { type Normalized, normalize } from "../../src/channels/tss/normalize.ts";
import { parseCallback } from "../../src/channels/tss/wire.ts";
import { see } from "../../src/evidence/evidence.ts";
import { nowMembers } from "../../src/input/clock.ts";
import { type Document, documentSchema } from "../../src/input/document.ts";
import { type Knowledge, knowledgeOf } from "../../src/policy/assets.ts";
import { hostDataSchema } from "../../src/policy/release.ts";
import { bytesOf, type Callback, put } from "../fixtures/callbacks/callbacks.ts";
import { BUNDLES } from "./installation.ts";

/** The address of the sample's root key at `m/44/60/0/0/0`. */
export const OWN = "0xdc05cb2b67b790903807bf106148a1a62b048b30";
export const LISTED = "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f";
export const STRANGER = "0x66f820a414680b5bcda5eeca5dea238543f42054";
export const USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7";

/** What the default release knows. */
export function defaultKnowledge(): Knowledge {
  const [data, contracts, methods] = ["data", "contracts/data", "methods/data"].map((file) =>
    parse(readFileSync(`policies/${file}.yaml`, "utf8")),
  );
  return knowledgeOf(hostDataSchema.parse({ ...data, contracts, methods }));
}

/** A fresh copy of one of the demo's requests, `request_detail` and `extra_info` parsed. */
export function demoCallback(name: string): Callback {
  const text = readFileSync(join(BUNDLES, `demo/requests/${name}.json`), "utf8");
  const { request_detail, extra_info, ...rest } = JSON.parse(text);
  return { ...rest, detail: JSON.parse(request_detail), extra: JSON.parse(extra_info) };
}

/** Puts bytes, and by default their hash, into a request. */
export function withBytes(callback: Callback, transaction: TransactionLike, hash?: string): Callback {
  const made = Transaction.from({
    type: 0,
    chainId: 1,
    nonce: 0,
    gasPrice: 805_234_319n,
    gasLimit: 21_000,
    ...transaction,
  });
  put(callback.extra, "transaction.raw_tx_info.unsigned_raw_tx", made.unsignedSerialized);
  put(callback.detail, "msg_hash_list", [hash ?? made.unsignedHash]);
  return callback;
}

/** Other words, by their paths in `extra_info.transaction`; `undefined` takes one away. */
export function withWords(callback: Callback, words: Readonly<Record<string, unknown>>): Callback {
  for (const [path, value] of Object.entries(words)) put(callback.extra, `transaction.${path}`, value);
  return callback;
}

/** The document before anybody has looked at the bytes, and the bytes. */
export function normalizedOf(callback: Callback, knowledge: Knowledge = defaultKnowledge()): Normalized {
  const parsed = parseCallback(bytesOf(callback), "v2");
  if (parsed.type === "ping") throw new TypeError("a ping has no document");
  const now = nowMembers(1_756_953_990_112, "UTC");
  return normalize(parsed, { source: "node-1", receivedAt: now.ms, now, ...knowledge });
}

/** The document with its evidence, as the channel hands it to the desk. It fits its own schema. */
export function seen(callback: Callback, knowledge: Knowledge = defaultKnowledge()): Document {
  return documentSchema.parse(see(normalizedOf(callback, knowledge), knowledge));
}

/** Its evidence alone. */
export function evidenceOf(callback: Callback, knowledge?: Knowledge): NonNullable<Document["evidence"]> {
  const { evidence } = seen(callback, knowledge);
  if (evidence === undefined) throw new TypeError("no evidence");
  return evidence;
}
