/** EIP-712: what is signed where structured data is. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Difference, TypedData } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from "../../input/strict-json.ts";
import type { Hex } from "../evm/call.ts";
import { hexOf } from "../evm/rlp-fields.ts";
import { Undecodable } from "../undecodable.ts";
import { differencesBetween } from "./typed-data-differences.ts";
import { readTypes, type StructType, type StructTypes } from "./typed-data-types.ts";
import { StructReader, type TypedStruct, type TypedValue } from "./typed-data-values.ts";

/**
 * @property digest - the hash that a wallet signs.
 * @property domainHash - the domain separator; `messageHash`: the hash of the message alone. Safe shows both.
 * @property typedData - what the document says of it.
 * @property domainType - the type `EIP712Domain` as EIP-712's `encodeType` spells it.
 * @property messageType - the primary type and all that it refers to, in the same spelling.
 * @property chainId - the chain for which it is valid; absent where the domain doesn't say.
 * @property verifyingContract - the contract that takes it, in lower case; absent where the domain doesn't say.
 * @property message - the decoded values.
 * @property differences - each place where the two forms of a request disagree: `declared` is what
 *   `raw_structured_data` says, the text that the document shows, `decoded` what was hashed.
 */
export interface TypedDataReading {
  readonly digest: Hex;
  readonly domainHash: Hex;
  readonly messageHash: Hex;
  readonly typedData: TypedData;
  readonly domainType: string;
  readonly messageType: string;
  readonly chainId?: bigint | undefined;
  readonly verifyingContract?: string | undefined;
  readonly message: TypedStruct;
  readonly differences: readonly Difference[];
}

const MEMBERS: readonly string[] = ["types", "domain", "primaryType", "message"];

const DOMAIN = "EIP712Domain";

/** What a domain may have: EIP-712 knows no other member, and no other type of one. */
const DOMAIN_MEMBERS: ReadonlySet<string> = new Set([
  "string name",
  "string version",
  "uint256 chainId",
  "address verifyingContract",
  "bytes32 salt",
]);

function fail(what: string): never {
  throw new Undecodable(what);
}

/**
 * Typed data, as an object, as JSON text, or both. The digest is that of the object where there is one; whatever the
 * text says otherwise, spelling included, is a difference.
 *
 * @throws Undecodable for what is no typed data: a value that doesn't fit its type, a member missing or too much, a
 *   type that isn't known, a name that could be read as something else, and for more than the limits allow.
 */
export function readTypedData(structured: JsonObject | undefined, raw: string | undefined): TypedDataReading {
  const declared = raw === undefined ? undefined : parsed(raw);
  const decoded = structured ?? declared;
  if (decoded === undefined) return fail("no typed data");
  const reading = read(decoded);
  if (structured === undefined || declared === undefined) return reading;
  return { ...reading, differences: differencesBetween(declared, decoded) };
}

function parsed(raw: string): JsonValue {
  try {
    return parseStrictJson(raw);
  } catch (error) {
    if (error instanceof Refusal) return fail(`the typed data is not JSON: ${error.message}`);
    throw error;
  }
}

function read(data: JsonValue): TypedDataReading {
  if (!isJsonObject(data)) return fail("the typed data is no object");
  const excess = Object.keys(data).find((member) => !MEMBERS.includes(member));
  if (excess !== undefined) return fail(`typed data has no member ${JSON.stringify(excess)}`);
  const types = readTypes(data["types"]);
  const domainStruct = domainOf(types);
  const messageStruct = primaryOf(types, data["primaryType"]);
  const reader = new StructReader(types);
  const domain = reader.read(domainStruct, data["domain"], "domain");
  const message = reader.read(messageStruct, data["message"], "message");
  const { name, version, chainId, verifyingContract, salt } = domain.value;
  return {
    digest: hexOf(keccak_256(Buffer.concat([Buffer.of(0x19, 0x01), domain.hash, message.hash]))),
    domainHash: hexOf(domain.hash),
    messageHash: hexOf(message.hash),
    typedData: {
      primary_type: messageStruct.name,
      ...textMember("name", name),
      ...textMember("version", version),
      ...(typeof chainId === "bigint" ? { chain_id: chainId.toString() } : {}),
      ...textMember("verifying_contract", verifyingContract),
      ...textMember("salt", salt),
    },
    domainType: domain.type,
    messageType: message.type,
    ...(typeof chainId === "bigint" ? { chainId } : {}),
    ...(typeof verifyingContract === "string" ? { verifyingContract } : {}),
    message: message.value,
    differences: [],
  };
}

/** Empty text says nothing: the document has no member for it. */
function textMember(member: keyof TypedData, value: TypedValue | undefined): Partial<TypedData> {
  return typeof value === "string" && value !== "" ? { [member]: value } : {};
}

/** Wallets disagree on what is signed where the domain's type isn't declared, so that it must be. */
function domainOf(types: StructTypes): StructType {
  const struct = types.get(DOMAIN) ?? fail(`the type ${DOMAIN} is not declared`);
  const unknown = struct.members.find(({ spelled, name }) => !DOMAIN_MEMBERS.has(`${spelled} ${name}`));
  if (unknown !== undefined) return fail(`a domain has no member ${unknown.spelled} ${unknown.name}`);
  return struct;
}

/** A domain alone is no message: some wallets sign it so, and no contract asks for it. */
function primaryOf(types: StructTypes, name: JsonValue | undefined): StructType {
  if (typeof name !== "string") return fail("primaryType is no text");
  if (name === DOMAIN) return fail(`${DOMAIN} is no primary type`);
  return types.get(name) ?? fail(`the primary type ${JSON.stringify(name.slice(0, 128))} is not declared`);
}
