/** The types of EIP-712 data: what members a struct has, in the one spelling that is hashed. */
import { isJsonObject, type JsonValue } from "../../input/strict-json.ts";
import { Undecodable } from "../undecodable.ts";

const MAX_TYPES = 64;
const MAX_MEMBERS = 1024;
const MAX_NAME = 128;
/** Of all types as they are hashed, in characters: effects carry them. */
const MAX_TEXT = 8192;

/** A type of a member; `length` of an array that has a fixed one. */
export type MemberType =
  | { readonly kind: "uint" | "int"; readonly bits: number }
  | { readonly kind: "fixedBytes"; readonly size: number }
  | { readonly kind: "address" | "bool" }
  | { readonly kind: "bytes" | "string" }
  | { readonly kind: "array"; readonly element: MemberType; readonly length?: number | undefined }
  | { readonly kind: "struct"; readonly name: string };

/** @property spelled - the type as it was declared, such as `Person[2]`. */
export interface Member {
  readonly name: string;
  readonly spelled: string;
  readonly type: MemberType;
}

/** @property own - the struct's own part of `encodeType`: `Mail(Person from,Person to,string contents)`. */
export interface StructType {
  readonly name: string;
  readonly members: readonly Member[];
  readonly own: string;
}

export type StructTypes = ReadonlyMap<string, StructType>;

/**
 * Names are hashed with `(`, `)`, `,` and a space between them: one that held any of these could pass for another
 * type. A colon can't, and Hyperliquid's types have one.
 */
const TYPE_NAME = /^[A-Za-z_$][A-Za-z0-9_$:]*$/;
const MEMBER_NAME = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** What Solidity has for itself, or looks as if it had: `uint7` is no struct. */
const ELEMENTARY =
  /^(?:u?int[0-9]*|bytes[0-9]*|u?fixed(?:[0-9]+x[0-9]+)?|byte|address|bool|string|function)$/;

const INTEGER = /^(u?int)([1-9][0-9]{0,2})$/;
const FIXED_BYTES = /^bytes([1-9][0-9]?)$/;
const ARRAY = /^(.*)\[([1-9][0-9]{0,4})?\]$/;

function fail(what: string): never {
  throw new Undecodable(what);
}

function elementaryType(spelled: string): MemberType | undefined {
  if (spelled === "address" || spelled === "bool" || spelled === "bytes" || spelled === "string") {
    return { kind: spelled };
  }
  const integer = INTEGER.exec(spelled);
  const bits = Number(integer?.[2]);
  if (bits <= 256 && bits % 8 === 0) return { kind: integer?.[1] === "int" ? "int" : "uint", bits };
  const size = Number(FIXED_BYTES.exec(spelled)?.[1]);
  return size <= 32 ? { kind: "fixedBytes", size } : undefined;
}

function memberType(spelled: string, names: ReadonlySet<string>): MemberType {
  const array = ARRAY.exec(spelled);
  if (array !== null) {
    const element = memberType(array[1] ?? "", names);
    return { kind: "array", element, length: array[2] === undefined ? undefined : Number(array[2]) };
  }
  if (names.has(spelled)) return { kind: "struct", name: spelled };
  return elementaryType(spelled) ?? fail(`the type ${JSON.stringify(spelled)} is not known`);
}

function readText(value: JsonValue | undefined, limit: number, where: string): string {
  if (typeof value !== "string") return fail(`${where} is not text`);
  return value.length > limit ? fail(`${where} is longer than ${limit}`) : value;
}

function readMember(value: JsonValue, names: ReadonlySet<string>, where: string): Member {
  if (!isJsonObject(value)) return fail(`${where} is no object`);
  const name = readText(value["name"], MAX_NAME, `${where}.name`);
  const spelled = readText(value["type"], MAX_NAME, `${where}.type`);
  if (Object.keys(value).length > 2) return fail(`${where} has more than a name and a type`);
  if (!MEMBER_NAME.test(name)) return fail(`${where}.name is no name: ${JSON.stringify(name)}`);
  return { name, spelled, type: memberType(spelled, names) };
}

function readStruct(name: string, value: JsonValue | undefined, names: ReadonlySet<string>): StructType {
  if (!Array.isArray(value)) return fail(`types.${name} is no list`);
  const members = value.map((member, index) => readMember(member, names, `types.${name}.${index}`));
  if (new Set(members.map((member) => member.name)).size < members.length) {
    return fail(`types.${name} has two members of one name`);
  }
  const own = `${name}(${members.map((member) => `${member.spelled} ${member.name}`).join(",")})`;
  return { name, members, own };
}

/**
 * All types of typed data, whether they are used or not.
 *
 * @param value - its member `types`.
 * @throws Undecodable for a name that Solidity doesn't allow (but for colons), two members of one name, a type that
 *   is neither Solidity's nor declared, and more than 64 types, 1024 members, 128 characters a name or 8192 in all.
 */
export function readTypes(value: JsonValue | undefined): StructTypes {
  if (!isJsonObject(value)) return fail("types is no object");
  const names = new Set(Object.keys(value));
  if (names.size > MAX_TYPES) return fail(`more than ${MAX_TYPES} types`);
  let members = 0;
  for (const name of names) {
    if (name.length > MAX_NAME || !TYPE_NAME.test(name) || ELEMENTARY.test(name)) {
      return fail(`no name of a type: ${JSON.stringify(name.slice(0, MAX_NAME))}`);
    }
    const declared = value[name];
    if (Array.isArray(declared)) members += declared.length;
    if (members > MAX_MEMBERS) return fail(`the types have more than ${MAX_MEMBERS} members`);
  }
  const structs = [...names].map((name) => readStruct(name, value[name], names));
  const length = structs.reduce((sum, { own }) => sum + own.length, 0);
  if (length > MAX_TEXT) return fail(`the types are longer than ${MAX_TEXT} characters`);
  return new Map(structs.map((struct) => [struct.name, struct]));
}

function structOf(type: MemberType): string | undefined {
  if (type.kind === "array") return structOf(type.element);
  return type.kind === "struct" ? type.name : undefined;
}

/** EIP-712's `encodeType`: the struct, then all that it refers to, sorted by name. */
export function encodeType(types: StructTypes, struct: StructType): string {
  const found = new Set([struct.name]);
  // A set goes on with what is added while it is walked through.
  for (const name of found) {
    for (const member of types.get(name)?.members ?? []) {
      const referred = structOf(member.type);
      if (referred !== undefined) found.add(referred);
    }
  }
  found.delete(struct.name);
  return [struct.name, ...[...found].sort()].map((name) => types.get(name)?.own ?? "").join("");
}
