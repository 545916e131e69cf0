/**
 * What the bytes to be signed say, and whether the request says the same (design 3.4, 3.7): one frame for all chains.
 *
 * 1. The key that signs is derived from root, path and tweak, and is held against the declared source.
 * 2. The bytes are decoded. What can't be read is `undecodable`, what nobody reads yet `unsupported`, none `absent`.
 * 3. Their hashes are exactly those that are asked to be signed: as many, in that order.
 * 4. Every declared member that stands in the bytes is compared. One that differs makes a `mismatch`; one that could
 *    not be compared leaves the whole `unsupported`; only then it is `verified`.
 * 5. What the bytes do is listed as effects, whoever the words say is paid.
 *
 * A reading that fails in a way nobody foresaw is a fault of ours and is thrown: the caller refuses.
 */
import type { Document, Evidence } from "../input/document.ts";
import { extended } from "../input/extended.ts";
import { withTotals } from "../input/payments.ts";
import { familyOf, type Knowledge } from "../policy/assets.ts";
import type { ChainFamily } from "../policy/release.ts";
import { Comparison } from "./comparison.ts";
import { readEvmTransaction } from "./evm/read.ts";
import { readKey } from "./keys/read-key.ts";
import type { Material } from "./material.ts";
import { readMessage } from "./message/read.ts";
import type { Found, Reading } from "./reading.ts";
import { Undecodable } from "./undecodable.ts";

/**
 * @param document - finished but for evidence, facts, lists and prices; its group is `transfer` or `message`.
 * @param knowledge - of the release that will judge it.
 */
export function readEvidence(document: Document, material: Material, knowledge: Knowledge): Evidence {
  const family = familyOf(knowledge, document.transaction?.chain) ?? familyOfMessage(material);
  const comparison = new Comparison();
  const { key, signer, publicKey, differences } = readKey(document, family);
  comparison.differences.push(...differences);
  const common = { key, ...(family === undefined ? {} : { family }) };
  const listed = () => (comparison.differences.length === 0 ? {} : { differences: comparison.differences });
  if (isEmpty(material)) return { status: "absent", ...common, ...listed() };
  try {
    const found = read({ document, knowledge, family, signer, publicKey, comparison }, material);
    if (found === undefined) return { status: "unsupported", ...common, ...listed() };
    const { differences, openWords } = comparison;
    const status = statusOf(comparison);
    const problem = status === "unsupported" && openWords !== undefined ? { problem: openWords } : {};
    return { status, ...common, ...found, differences, ...problem };
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    return { status: "undecodable", ...common, ...listed(), problem: error.message };
  }
}

/**
 * A document that nobody has held against the bytes yet, and those bytes.
 *
 * @property document - finished but for evidence, facts, lists and prices.
 * @property material - absent for a key event, which has nothing to be signed.
 */
export interface Unseen {
  readonly document: Document;
  readonly material?: Material;
}

/** The document with what its bytes say. A key event stays as it is. */
export function see({ document, material }: Unseen, knowledge: Knowledge): Document {
  return material === undefined
    ? document
    : withEvidence(document, readEvidence(document, material, knowledge));
}

/** What the bytes say outranks what the request claims: from here on its totals are those of the bytes. */
export function withEvidence(document: Document, evidence: Evidence): Document {
  return withTotals(extended(document, { evidence }));
}

function statusOf({ differences, isComplete }: Comparison): Evidence["status"] {
  if (differences.length > 0) return "mismatch";
  return isComplete ? "verified" : "unsupported";
}

/** @returns undefined for what nobody reads yet. */
function read(reading: Reading, material: Material): Found | undefined {
  if (material.type === "other") return undefined;
  if (material.type !== "transaction") return readMessage(reading, material);
  if (material.unsigned === undefined || reading.family !== "evm") return undefined;
  return readEvmTransaction(reading, material.unsigned);
}

/** A message is of a family by its kind, where the request names no chain. */
function familyOfMessage({ type }: Material): ChainFamily | undefined {
  switch (type) {
    case "eip191":
    case "eip712":
      return "evm";
    case "bip137":
    case "bip322":
      return "bitcoin";
    case "adr36":
      return "cosmos";
    default:
      return undefined;
  }
}

function isEmpty(material: Material): boolean {
  switch (material.type) {
    case "transaction":
      return material.unsigned === undefined;
    case "eip191":
    case "bip137":
    case "bip322":
    case "adr36":
      return material.message === undefined;
    case "eip712":
      return material.structured === undefined && material.rawStructured === undefined;
    case "raw_message":
    case "other":
      return false;
  }
}
