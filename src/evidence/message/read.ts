/**
 * A message: its digest is what is signed, and what it permits whoever holds the signature.
 *
 * A signature over a transaction's hash is that transaction, whatever the words call it. Where a request brings a
 * transaction along with a message, its hash must not be among those that are signed.
 */
import { Refusal } from "../../input/refusal.ts";
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from "../../input/strict-json.ts";
import type { Comparison } from "../comparison.ts";
import { compareChain, compareHashes } from "../evm/compare.ts";
import { decodeTransaction } from "../evm/transaction.ts";
import { hexBytes } from "../hex-bytes.ts";
import type { Material, SafeWords } from "../material.ts";
import { type Found, type Reading, senderOf } from "../reading.ts";
import { Undecodable } from "../undecodable.ts";
import { readAdr36 } from "./adr36.ts";
import { readBip137 } from "./bip137.ts";
import { readBip322 } from "./bip322.ts";
import { readPersonalMessage } from "./personal-message.ts";
import { readTypedData, type TypedDataReading } from "./typed-data.ts";
import { effectsOfTypedData, ownerOf } from "./typed-data-effects.ts";

type Message = Exclude<Material, { type: "transaction" | "other" }>;
type StructuredMessage = Extract<Message, { type: "eip712" }>;

/**
 * @returns undefined for a bare hash: of what it is the hash nobody can say.
 * @throws Undecodable
 */
export function readMessage(reading: Reading, material: Message): Found | undefined {
  if (material.unsigned !== undefined) refuseTransaction(reading, material.unsigned);
  switch (material.type) {
    case "raw_message":
      return undefined;
    case "eip712":
      return readStructured(reading, material);
    default:
      return readText(reading, material.type, material.message ?? "");
  }
}

/** What is signed must not be the transaction that lies beside it; bytes that can't be read leave that open. */
function refuseTransaction({ document, comparison }: Reading, unsigned: string): void {
  let hash: string;
  try {
    ({ hash } = decodeTransaction(hexBytes(unsigned)));
  } catch (error) {
    if (error instanceof Undecodable) {
      comparison.leaveOpen("the transaction beside the message can't be read");
      return;
    }
    throw error;
  }
  const index = document.signing?.hashes.indexOf(hash) ?? -1;
  if (index >= 0) comparison.differ(`signing.hashes.${index}`, "of a message", `${hash}, of a transaction`);
}

function readText(
  reading: Reading,
  type: Exclude<Message["type"], "raw_message" | "eip712">,
  message: string,
): Found {
  const { digests, text } = readByType(reading, type, message);
  const signed = reading.document.signing?.hashes ?? [];
  const [first = ""] = digests;
  compareHashes(signed, [digests.find((digest) => digest === signed[0]) ?? first], reading.comparison);
  return text === undefined ? {} : { text };
}

/** @property digests - each of them means this message; one is signed. */
interface TextReading {
  readonly digests: readonly string[];
  readonly text?: string | undefined;
}

function readByType(
  reading: Reading,
  type: Exclude<Message["type"], "raw_message" | "eip712">,
  message: string,
): TextReading {
  switch (type) {
    case "eip191": {
      const { digest, text, hashlike, transaction } = readPersonalMessage(message);
      if (transaction) reading.comparison.differ("transaction.message", "a text", "an unsigned transaction");
      // What looks like a hash says nothing to whoever reads it: it counts as no text.
      return { digests: [digest], text: hashlike ? undefined : text };
    }
    case "bip137": {
      const { digest, text } = readBip137(message);
      return { digests: [digest], text };
    }
    case "bip322":
      return readBip322(message, senderOf(reading) ?? "", reading.publicKey);
    case "adr36": {
      const { digest, text } = readAdr36(message, senderOf(reading) ?? "");
      return { digests: [digest], text };
    }
  }
}

function readStructured(reading: Reading, { structured, rawStructured, safe }: StructuredMessage): Found {
  const { document, knowledge, comparison } = reading;
  const typed = readTypedData(structured === undefined ? undefined : objectIn(structured), rawStructured);
  if (safe !== undefined) compareSafe(safe, typed, comparison);
  compareHashes(document.signing?.hashes ?? [], [typed.digest], comparison);
  comparison.differences.push(...typed.differences);
  const chain = document.transaction?.chain;
  if (chain !== undefined && typed.chainId !== undefined)
    compareChain(chain, typed.chainId, knowledge, comparison);
  const from = senderOf(reading);
  const owner = ownerOf(typed);
  if (owner !== undefined && from !== undefined && owner !== from) {
    comparison.differ("transaction.sources.0.address", from, `${owner}, whose assets it is about`);
  }
  const effects = effectsOfTypedData(typed, { chain, from }, knowledge);
  return { typed_data: typed.typedData, effects: [...effects] };
}

/** What an approver was shown of a Safe transaction: each hash and address in it is that of the data. */
function compareSafe(words: SafeWords, typed: TypedDataReading, comparison: Comparison): void {
  const { to, data } = typed.message;
  const shown: readonly (readonly [string | undefined, unknown, string])[] = [
    [words.domainHash, typed.domainHash, "domain hash"],
    [words.messageHash, typed.messageHash, "message hash"],
    [words.transactionHash, typed.digest, "Safe transaction's hash"],
    [words.safe, typed.verifyingContract, "Safe"],
    [words.to, to, "callee"],
    [words.data, data, "calldata"],
  ];
  for (const [said, signed, what] of shown) {
    const text = said?.toLowerCase();
    if (text === undefined || text === signed) continue;
    comparison.differ(
      "transaction.message",
      `${what} ${text}`,
      typeof signed === "string" ? signed : undefined,
    );
  }
}

/** @throws Undecodable */
function objectIn(text: string): JsonObject {
  let value: JsonValue;
  try {
    value = parseStrictJson(text);
  } catch (error) {
    throw error instanceof Refusal ? new Undecodable(`the typed data is ${error.message}`) : error;
  }
  if (!isJsonObject(value)) throw new Undecodable("the typed data is no object");
  return value;
}
