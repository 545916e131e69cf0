/**
 * Vectors: EIP-712's own example (CC0); a sample of ethers' `testcases/typed-data.json.gz`
 * (github.com/ethers-io/ethers.js, MIT, Copyright (c) 2016-2023 Richard Moore), in `test/fixtures/typed-data`; a
 * Safe's transaction as Cobo sends it. The edge cases are those that MetaMask's eth-sig-util (ISC) tests, made anew.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { callback } from "../../../test/fixtures/callbacks/callbacks.ts";
import { fields, type TypedDataParts, typedDataText } from "../../../test/support/typed-data.ts";
import { isJsonObject, type JsonObject, parseStrictJson } from "../../input/strict-json.ts";
import { Undecodable } from "../undecodable.ts";
import { readTypedData } from "./typed-data.ts";

const MAIL = {
  types: {
    Person: fields("string name,address wallet"),
    Mail: fields("Person from,Person to,string contents"),
  },
  primaryType: "Mail",
  domain: {
    name: "Ether Mail",
    version: "1",
    chainId: 1,
    verifyingContract: "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
  },
  message: {
    from: { name: "Cow", wallet: "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
    to: { name: "Bob", wallet: "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
    contents: "Hello, Bob!",
  },
} satisfies TypedDataParts;

function object(text: string): JsonObject {
  const value = parseStrictJson(text);
  if (!isJsonObject(value)) throw new Error("no object");
  return value;
}

/** One value of a type, signed alone. */
function value(type: string, spelled: string): string {
  return `{"types":{"EIP712Domain":[],"V":[{"name":"v","type":${JSON.stringify(type)}}]},"domain":{},"primaryType":"V","message":{"v":${spelled}}}`;
}

function refusal(raw: string): string {
  try {
    return `read: ${readTypedData(undefined, raw).digest}`;
  } catch (error) {
    if (error instanceof Undecodable) return error.message;
    throw error;
  }
}

describe("what is no typed data", () => {
  const { types, ...rest } = MAIL;

  it.each([
    ["nothing", "", "not JSON"],
    ["a list", "[]", "no object"],
    ["a member twice", '{"types":{},"types":{}}', "a key stands twice"],
    ["text after it", `${typedDataText(MAIL)}{}`, "text after"],
    ["no types", JSON.stringify({ ...rest }), "types is no object"],
    ["no type of the domain", JSON.stringify(MAIL), "EIP712Domain is not declared"],
    [
      "no domain",
      typedDataText(MAIL).replace('"domain":{', '"domains":{'),
      'typed data has no member "domains"',
    ],
    ["a member more", JSON.stringify({ ...object(typedDataText(MAIL)), note: "" }), "no member"],
    ["no primary type", typedDataText({ ...MAIL, primaryType: "Letter" }), "not declared"],
    ["a primary type of Solidity", typedDataText({ ...MAIL, primaryType: "uint256" }), "not declared"],
    ["a domain alone", typedDataText({ ...MAIL, primaryType: "EIP712Domain" }), "no primary type"],
    [
      "a domain alone, and no message",
      typedDataText({ ...MAIL, primaryType: "EIP712Domain" }).replace(/,"message":.*$/, "}"),
      "no primary type",
    ],
    [
      "a primary type that is no text",
      typedDataText(MAIL).replace('"primaryType":"Mail"', '"primaryType":1'),
      "no text",
    ],
  ])("refuses %s", (_, raw, message) => {
    expect(refusal(raw)).toContain(message);
  });

  it("refuses a request without either form", () => {
    expect(() => readTypedData(undefined, undefined)).toThrow(Undecodable);
  });
});

describe("types", () => {
  function withTypes(types: object): string {
    return JSON.stringify({
      types: { EIP712Domain: [], ...types },
      domain: {},
      primaryType: "V",
      message: {},
    });
  }
  const one = [{ name: "a", type: "bool" }];

  it.each<[string, object, string]>([
    ["a name that reads as another type", { V: [], "Foo(uint256 a)Bar": one }, "no name of a type"],
    ["a name with a space", { V: [], "A B": one }, "no name of a type"],
    ["a name with a comma", { V: [], "A,B": one }, "no name of a type"],
    ["a name with brackets", { V: [], "A[]": one }, "no name of a type"],
    ["an empty name", { V: [], "": one }, "no name of a type"],
    ["a name beyond ASCII", { V: [], "M\u0430il": one }, "no name of a type"],
    ["a name that is long", { V: [], ["A".repeat(129)]: one }, "no name of a type"],
    ["a struct named uint256", { V: [], uint256: one }, "no name of a type"],
    ["a struct named uint7", { V: [], uint7: one }, "no name of a type"],
    ["a struct named bytes33", { V: [], bytes33: one }, "no name of a type"],
    ["a struct named address", { V: [], address: one }, "no name of a type"],
    ["a struct named function", { V: [], function: one }, "no name of a type"],
    ["a struct that is no list", { V: {} }, "no list"],
    ["a member that is no object", { V: ["bool a"] }, "no object"],
    ["a member without a type", { V: [{ name: "a" }] }, "not text"],
    ["a member without a name", { V: [{ type: "bool" }] }, "not text"],
    ["a member that has more", { V: [{ name: "a", type: "bool", indexed: true }] }, "more than a name"],
    ["a member's name that is two", { V: [{ name: "a,bool b", type: "bool" }] }, "no name"],
    ["a member's name that closes the type", { V: [{ name: "a)B(bool c", type: "bool" }] }, "no name"],
    ["an empty name of a member", { V: [{ name: "", type: "bool" }] }, "no name"],
    ["two members of one name", { V: [...one, ...one] }, "two members of one name"],
    ["a type that brings a member", { V: [{ name: "a", type: "bool x,bool" }] }, "is not known"],
    ["an undeclared type", { V: [{ name: "a", type: "Person" }] }, "is not known"],
    ["an undeclared type of a list", { V: [{ name: "a", type: "Person[2]" }] }, "is not known"],
    ["an undeclared type that is not used", { V: [], W: [{ name: "a", type: "Person" }] }, "is not known"],
    ["a type with a space before it", { V: [{ name: "a", type: " bool" }] }, "is not known"],
    ["a type in capitals", { V: [{ name: "a", type: "Address" }] }, "is not known"],
    [
      "more than 64 types",
      Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`V${index}`, []])),
      "more than 64",
    ],
    [
      "more than 1024 members",
      { V: Array.from({ length: 1025 }, (_, index) => ({ name: `a${index}`, type: "bool" })) },
      "more than 1024",
    ],
  ])("refuses %s", (_, types, message) => {
    expect(refusal(withTypes(types))).toContain(message);
  });

  it.each([
    ...["uint", "int", "byte", "uint0", "uint7", "uint257", "int264", "uint08", "bytes0", "bytes33"],
    ...["fixed128x18", "function", "bool[0]", "bool[01]", "bool[-1]", "bool[ 1]", "bool[", "bool]", "bool[1"],
    ...["[]", "bool[1][", "bool[100000]"],
  ])("refuses the type %s", (type) => {
    expect(refusal(withTypes({ V: [{ name: "a", type }] }))).toContain("is not known");
  });

  it.each([
    ["a member that no domain has", [{ name: "chain", type: "uint256" }]],
    ["a chain id as text", [{ name: "chainId", type: "string" }]],
    ["a chain id of another width", [{ name: "chainId", type: "uint64" }]],
    ["a contract as text", [{ name: "verifyingContract", type: "string" }]],
  ])("refuses %s in the domain", (_, EIP712Domain) => {
    const raw = JSON.stringify({ types: { EIP712Domain, V: [] }, domain: {}, primaryType: "V", message: {} });
    expect(refusal(raw)).toContain("a domain has no member");
  });

  it("spells types as EIP-712 does, whatever their order and use", () => {
    const reading = readTypedData(
      undefined,
      JSON.stringify({
        types: {
          Unused: one,
          Transaction: fields("Person from,Person[] to,Asset tx"),
          Person: fields("address wallet,string name"),
          EIP712Domain: [],
          Asset: fields("address token,uint256 amount"),
        },
        domain: {},
        primaryType: "Transaction",
        message: {
          from: { wallet: `0x${"11".repeat(20)}`, name: "" },
          to: [],
          tx: { token: `0x${"22".repeat(20)}`, amount: 0 },
        },
      }),
    );
    expect(reading.messageType).toBe(
      "Transaction(Person from,Person[] to,Asset tx)Asset(address token,uint256 amount)Person(address wallet,string name)",
    );
    expect(reading.domainType).toBe("EIP712Domain()");
    expect(reading.typedData).toEqual({ primary_type: "Transaction" });
    expect(reading).not.toHaveProperty("chainId");
    expect(reading).not.toHaveProperty("verifyingContract");
  });
});

describe("values", () => {
  const misfits = [
    ["uint8", "256"],
    ["uint8", "-1"],
    ["uint8", '"0x100"'],
    ["int8", "128"],
    ["int8", "-129"],
    ["uint256", `"${2n ** 256n}"`],
    ["uint256", `${2n ** 256n}`],
    ["uint256", `"1${"0".repeat(100_000)}"`],
    ["int256", `"${2n ** 255n}"`],
    ["int256", `"0x${"ff".repeat(32)}"`],
    ["int256", `"-${2n ** 255n + 1n}"`],
    ["uint256", "1.0"],
    ["uint256", "1e3"],
    ["uint256", "-0"],
    ["int256", '"-0"'],
    ["uint256", '"01"'],
    ["uint256", '""'],
    ["uint256", '" 1"'],
    ["uint256", '"1\\n"'],
    ["uint256", '"+1"'],
    ["uint256", '"1.0"'],
    ["uint256", '"1_000"'],
    ["uint256", '"0x"'],
    ["uint256", '"0X1"'],
    ["uint256", '"-0x1"'],
    ["uint256", '"0b1"'],
    ["uint256", '"٣"'],
    ["uint256", "true"],
    ["uint256", "null"],
    ["uint256", "[1]"],
    ["uint256", "{}"],
    ["bool", "1"],
    ["bool", "0"],
    ["bool", '"true"'],
    ["bool", "null"],
    ["address", `"${"11".repeat(20)}"`],
    ["address", `"0X${"11".repeat(20)}"`],
    ["address", `"0x${"11".repeat(19)}"`],
    ["address", `"0x${"11".repeat(21)}"`],
    ["address", `"0x${"11".repeat(19)}1g"`],
    ["address", '"vitalik.eth"'],
    ["address", '""'],
    ["address", "0"],
    ["bytes", '"0x0"'],
    ["bytes", '"00"'],
    ["bytes", '"hello"'],
    ["bytes", '""'],
    ["bytes", '"0x0g"'],
    ["bytes", "0"],
    ["bytes", "[0]"],
    ["bytes4", '"0x000000"'],
    ["bytes4", '"0x0000000000"'],
    ["bytes4", '"0x"'],
    ["bytes4", "0"],
    ["bytes32", '"0x00"'],
    ["string", "0"],
    ["string", "null"],
    ["string", '["a"]'],
    ["string", '"\\ud800"'],
    ["bool[]", "{}"],
    ["bool[]", "true"],
    ["bool[]", '"[]"'],
    ["bool[]", "null"],
    ["bool[]", "[true,null]"],
    ["bool[2]", "[true]"],
    ["bool[2]", "[true,true,true]"],
    ["bool[2][]", "[[true,true],[true]]"],
    ["bool[][2]", "[[true]]"],
    ["V", "{}"],
    ["V", "null"],
    ["V", "[]"],
    ["V[]", '[{"v":[]},{}]'],
    ["V[]", '[{"v":[],"w":[]}]'],
    ["V[]", "[null]"],
  ];

  it.each(misfits.map(([type, spelled = ""]) => ({ type, spelled, shown: spelled.slice(0, 40) })))(
    "refuses $shown as $type",
    ({ type = "", spelled }) => {
      expect(refusal(value(type, spelled))).not.toMatch(/^read/);
    },
  );

  it.each([
    ["a missing member", { contents: undefined }, "message.contents is missing"],
    ["a member as null", { to: null }, "message.to is no object"],
    ["a member more", { amount: "1" }, "message.amount is not in the type Mail"],
    ["a member more, deeper", { to: { ...MAIL.message.to, iban: "" } }, "message.to.iban is not in the type"],
    ["a member that objects inherit", { toString: "" }, "message.toString is not in the type"],
  ])("refuses %s", (_, change, message) => {
    expect(refusal(typedDataText({ ...MAIL, message: { ...MAIL.message, ...change } }))).toContain(message);
  });

  it("refuses __proto__ where no type has it, and reads it where one has", () => {
    const proto = '"message":{"__proto__":true}';
    expect(refusal(value("bool", "true").replace('"message":{"v":true}', proto))).toContain(
      "message.v is missing",
    );
    const declared = value("bool", "true").replace('"name":"v"', '"name":"__proto__"');
    const reading = readTypedData(undefined, declared.replace('"message":{"v":true}', proto));
    expect(Object.entries(reading.message)).toEqual([["__proto__", true]]);
  });

  it.each([
    ["a domain that has less than its type", { ...MAIL.domain, name: undefined }],
    ["a domain that has more than its type", { ...MAIL.domain, salt: `0x${"00".repeat(32)}` }],
  ])("refuses %s", (_, domain) => {
    const declared = object(typedDataText(MAIL))["types"];
    expect(refusal(JSON.stringify({ ...MAIL, types: declared, domain }))).toMatch(/^domain\./);
  });

  it("takes one integer in each of its spellings for the same", () => {
    const spelled = ["255", '"255"', '"0xff"', '"0xFF"', '"0x00ff"'];
    expect(new Set(spelled.map((text) => readTypedData(undefined, value("uint256", text)).digest)).size).toBe(
      1,
    );
    const large = ["9007199254740993", '"9007199254740993"', '"0x20000000000001"'];
    expect(new Set(large.map((text) => readTypedData(undefined, value("uint256", text)).digest)).size).toBe(
      1,
    );
    expect(readTypedData(undefined, value("uint256", "9007199254740993")).message).toEqual({
      v: 9007199254740993n,
    });
  });
});

describe("limits", () => {
  it("refuses more than 10,000 values, wherever they stand", () => {
    const list = (length: number) => `[${Array(length).fill("true").join()}]`;
    expect(refusal(value("bool[]", list(9_999)))).toMatch(/^read/);
    expect(refusal(value("bool[]", list(10_000)))).toContain("more than 10000 values");
    expect(refusal(value("bool[]", list(100_000)))).toContain("more than 10000 values");
    expect(refusal(value("bool[][]", `[${Array(3).fill(list(3_500)).join()}]`))).toContain(
      "more than 10000 values",
    );
  });

  it("refuses values more than 32 deep", () => {
    const nested = (depth: number) => `${'{"v":['.repeat(depth)}${"]}".repeat(depth)}`;
    expect(refusal(value("V[]", `[${nested(15)}]`))).toMatch(/^read/);
    expect(refusal(value("V[]", `[${nested(16)}]`))).toContain("more than 32 deep");
    expect(refusal(value("bool".padEnd(4 + 2 * 40, "[]"), `${"[".repeat(40)}${"]".repeat(40)}`))).toContain(
      "more than 32 deep",
    );
  });

  it("refuses more to hash than 4096 blocks, whatever it is", () => {
    const bytes = `"0x${"00".repeat(136 * 1000)}"`;
    expect(refusal(value("bytes[]", `[${Array(4).fill(bytes).join()}]`))).toMatch(/^read/);
    expect(refusal(value("bytes[]", `[${Array(5).fill(bytes).join()}]`))).toContain("more than 4096 blocks");
    expect(refusal(value("string", `"${"é".repeat(280_000)}"`))).toContain("more than 4096 blocks");
    expect(refusal(value("bool[][]", `[${Array(5_000).fill("[]").join()}]`))).toContain(
      "more than 4096 blocks",
    );
  });

  it("refuses types that are longer than any wallet shows", () => {
    const types = (count: number) =>
      fields(Array.from({ length: count }, (_, at) => `bool ${"m".repeat(95)}${at}`).join());
    const raw = (count: number) =>
      JSON.stringify({
        types: { EIP712Domain: [], V: [], W: types(count) },
        domain: {},
        primaryType: "V",
        message: {},
      });
    expect(refusal(raw(70))).toMatch(/^read/);
    expect(refusal(raw(90))).toContain("the types are longer than 8192");
  });
});

describe("vectors", () => {
  it("reads EIP-712's example", () => {
    expect(readTypedData(undefined, typedDataText(MAIL))).toMatchObject({
      digest: "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2",
      domainHash: "0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f",
      messageHash: "0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e",
      messageType: "Mail(Person from,Person to,string contents)Person(string name,address wallet)",
      domainType: "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
      chainId: 1n,
      verifyingContract: "0xcccccccccccccccccccccccccccccccccccccccc",
      typedData: {
        primary_type: "Mail",
        name: "Ether Mail",
        version: "1",
        chain_id: "1",
        verifying_contract: "0xcccccccccccccccccccccccccccccccccccccccc",
      },
      differences: [],
    });
  });

  const samples: readonly (TypedDataParts & {
    name: string;
    data: TypedDataParts["message"];
    digest: string;
  })[] = JSON.parse(
    readFileSync(new URL("../../../test/fixtures/typed-data/ethers.json", import.meta.url), "utf8"),
  );

  it.each(samples)("hashes ethers' case $name", ({ types, primaryType, domain, data, digest }) => {
    expect(
      readTypedData(undefined, typedDataText({ types, primaryType, domain, message: data })).digest,
    ).toBe(digest);
  });

  it("reads the Safe transaction of a callback", () => {
    const { detail, extra } = callback("v2-keysign-eip712");
    const { transaction } = extra as { transaction: { destination: Record<string, unknown> } };
    const structured = object(JSON.stringify(transaction.destination["structured_data"]));
    const raw = String(transaction.destination["raw_structured_data"]);
    const reading = readTypedData(structured, raw);
    expect([reading.digest]).toEqual(detail["msg_hash_list"]);
    expect(reading).toMatchObject({ chainId: 5000n, differences: [] });
    expect(readTypedData(structured, undefined)).toEqual(reading);
    expect(readTypedData(undefined, raw)).toEqual(reading);
  });
});

describe("two forms in one request", () => {
  const text = typedDataText(MAIL);

  function differences(raw: string) {
    const { differences, digest } = readTypedData(object(text), raw);
    expect(digest).toBe(readTypedData(object(text), undefined).digest);
    return differences;
  }

  it("finds none in another order and other white space", () => {
    const reversed = Object.fromEntries(Object.entries(JSON.parse(text)).reverse());
    expect(differences(JSON.stringify(reversed, null, 2))).toEqual([]);
  });

  it("names each member that differs, with both values", () => {
    expect(differences(text.replace('"chainId":1', '"chainId":5').replace("Hello, Bob!", "Bye."))).toEqual([
      { field: "transaction.message.domain.chainId", declared: "5", decoded: "1" },
      { field: "transaction.message.message.contents", declared: '"Bye."', decoded: '"Hello, Bob!"' },
    ]);
  });

  it("finds a value that is only spelled differently", () => {
    expect(differences(text.replace('"chainId":1', '"chainId":"0x1"'))).toEqual([
      { field: "transaction.message.domain.chainId", declared: '"0x1"', decoded: "1" },
    ]);
    expect(differences(text.replace('"chainId":1', '"chainId":1.0'))).toEqual([
      { field: "transaction.message.domain.chainId", declared: "1.0", decoded: "1" },
    ]);
    expect(differences(text.replace("0xCD2a", "0xcd2a"))).toHaveLength(1);
  });

  it("compares integers beyond 2^53 to the last digit", () => {
    const large = text.replace('"chainId":1', '"chainId":9007199254740993');
    expect(readTypedData(object(large), large).differences).toEqual([]);
    expect(readTypedData(object(large), large.replace("0993", "0992")).differences).toMatchObject([
      { declared: "9007199254740992", decoded: "9007199254740993" },
    ]);
  });

  it("finds what only one of them has", () => {
    expect(differences(text.replace('"contents":"Hello, Bob!"', '"amount":1'))).toEqual([
      { field: "transaction.message.message.contents", decoded: '"Hello, Bob!"' },
      { field: "transaction.message.message.amount", declared: "1" },
    ]);
    expect(differences("[]")).toHaveLength(1);
    expect(differences(text.replace('"from":{', '"from":[],"cc":{'))).toMatchObject([
      { field: "transaction.message.message.from", declared: "[]" },
      { field: "transaction.message.message.cc" },
    ]);
  });

  it("finds a type that differs, though the values agree", () => {
    expect(
      differences(text.replace('"name":"contents","type":"string"', '"name":"contents","type":"bytes"')),
    ).toEqual([{ field: "transaction.message.types.Mail.2.type", declared: '"bytes"', decoded: '"string"' }]);
  });

  it("refuses a text that is no JSON, and an object that is no typed data", () => {
    expect(() => readTypedData(object(text), "{")).toThrow(Undecodable);
    expect(() => readTypedData(object("{}"), text)).toThrow(Undecodable);
  });

  it("shows a few differences, and long values cut off", () => {
    expect(differences(text.replace("}}", `},"list":[${Array(100).fill(1).join()}]}`))).toHaveLength(1);
    const many = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`m${index}`, "x".repeat(1000)]),
    );
    const found = differences(JSON.stringify({ ...JSON.parse(text), ...many }));
    expect(found).toHaveLength(16);
    expect(found[0]?.declared).toHaveLength(201);
  });
});
