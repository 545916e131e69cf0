/** What can be found in a message that nobody understands, so that whoever looks into it knows where to begin. */
import { foldedAddress } from "../../input/address.ts";
import {
  isJsonObject,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  parseStrictJson,
} from "../../input/strict-json.ts";
import type { FlagMark, TransactionNames } from "../../ledger/ledger.ts";
import { outpointOf } from "../canonical.ts";

/**
 * @property names - of its transaction; no organization is known. @property marks - who got and who sent what it tells of.
 */
export interface Found {
  readonly names: TransactionNames | undefined;
  readonly marks: readonly FlagMark[];
}

/** A message may name thousands; a flag that does is of no use. */
const MAX_MARKS = 256;
const MAX_TEXT = 256;

/** Chains whose outputs are spent one by one write a transaction's hash so. */
const UTXO_HASH = /^[0-9a-fA-F]{64}$/;

const COBO_IDS = ["cobo_id", "id"] as const;
const PAID = ["to_address", "address"] as const;
const SENDERS = ["from_address", "source_address", "source_address_detail", "source_addresses"] as const;
const HASHES = ["tx_hash", "txid"] as const;

/** Never throws: where there is nothing to be found, nothing is. */
export function findLeniently(body: Uint8Array): Found {
  const message = looseJson(body);
  if (!isJsonObject(message)) return { names: undefined, marks: [] };
  const ids = (member: string) => textsIn(message[member]).filter(isShort);
  const names = [
    ...COBO_IDS.flatMap((member) => ids(member).map((id) => `cobo:${id}`)),
    ...(ids("cobo_id").length > 0 ? [] : ids("request_id").map((id) => `request:${id}`)),
  ];
  return {
    names: names.length === 0 ? undefined : { organization: "", names: [...new Set(names)] },
    marks: marksIn(message).slice(0, MAX_MARKS),
  };
}

function marksIn(message: JsonObject): FlagMark[] {
  const of = (members: readonly string[], role: FlagMark["role"]): FlagMark[] => {
    const values = members.flatMap((member) => textsIn(message[member]).flatMap((text) => text.split(",")));
    const addresses = values.map((value) => foldedAddress((value.split("|", 1)[0] ?? "").trim()));
    return [...new Set(addresses)]
      .filter((value) => value !== "" && isShort(value))
      .map((value) => ({ kind: "address", value, role }));
  };
  const [hash] = HASHES.flatMap((member) => textsIn(message[member]).filter((text) => UTXO_HASH.test(text)));
  const [index] = textsIn(message["vout_n"]).filter((text) => /^[0-9]{1,15}$/.test(text));
  const outpoint = outpointOf(hash, index === undefined ? undefined : Number(index));
  return [
    ...of(PAID, "paid_into"),
    ...(outpoint === undefined ? [] : [{ kind: "outpoint", value: outpoint, role: "paid_into" } as const]),
    ...of(SENDERS, "sender"),
  ];
}

/** Texts, or a list of them; a number as it is spelled. */
function textsIn(value: JsonValue | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => (Array.isArray(item) ? [] : textsIn(item)));
  const text = value instanceof JsonNumber ? value.text : typeof value === "number" ? String(value) : value;
  return typeof text === "string" && /^\P{Cc}+$/u.test(text) ? [text] : [];
}

function isShort(text: string): boolean {
  return text.length <= MAX_TEXT;
}

const utf8 = new TextDecoder();

/** As JSON where it is, else as the engine reads it: the last of two equal members, numbers as floats. */
function looseJson(body: Uint8Array): JsonValue {
  const text = utf8.decode(body);
  try {
    return parseStrictJson(text);
  } catch {
    try {
      const value: JsonValue = JSON.parse(text);
      return value;
    } catch {
      return null;
    }
  }
}
