import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "./refusal.ts";
import {
  decodeUtf8Strict,
  isJsonObject,
  JsonNumber,
  LONG_STRING,
  parseStrictJson,
  readStrictJson,
  stringifyJson,
} from "./strict-json.ts";

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return undefined;
}

const parseCode = (text: string): string | undefined => codeOf(() => parseStrictJson(text));

describe("grammar", () => {
  it.each([
    "",
    " ",
    "{",
    "}",
    "[1,]",
    "[,1]",
    "[1 2]",
    '{"a":1,}',
    '{"a" 1}',
    '{"a":}',
    "{a:1}",
    "{'a':1}",
    "nul",
    "nulll",
    "True",
    "NaN",
    "Infinity",
    "undefined",
    "01",
    "-01",
    "+1",
    ".5",
    "1.",
    "1e",
    "1e+",
    "-",
    "0x10",
    "1_000",
    '"a',
    '"\\x41"',
    '"\\u12G4"',
    '"\\',
    '"\\"',
    "1 2",
    "{} {}",
    "{}\u0000",
    "\ufeff{}",
    "\u00a0{}",
    "// c\n1",
    '["a\nb"]',
    '["a\u0000b"]',
    '["a\tb"]',
  ])("refuses %j", (text) => {
    expect(parseCode(text)).toBe("REQUEST_JSON");
  });

  it.each(['"\\ud800"', '"\\udc00\\ud800"', '"\ud800"', '"\udc00x"', '"\ud83d\\ude00"', '{"\\ud800":1}'])(
    "refuses the lone surrogate in %j",
    (text) => {
      expect(parseCode(text)).toBe("REQUEST_JSON");
    },
  );

  it("takes surrogates in pairs, escaped and raw", () => {
    expect(parseStrictJson('["\\ud83d\\ude00","😀","\\n\\u0041"]')).toEqual(["😀", "😀", "\nA"]);
  });
});

describe("duplicate keys", () => {
  it.each(['{"a":1,"a":1}', '{"a":null,"a":1}', '{"a":1,"\\u0061":2}', '[{"x":{"b":1,"c":2,"b":3}}]'])(
    "refuses %s",
    (text) => {
      expect(parseCode(text)).toBe("REQUEST_DUPLICATE_KEY");
    },
  );

  it("keeps harmful names harmless", () => {
    const value = parseStrictJson('{"__proto__":{"polluted":1},"constructor":2,"toString":3}');
    expect(isJsonObject(value) && Object.keys(value)).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.hasOwn({}, "polluted")).toBe(false);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(parseCode('{"__proto__":1,"__proto__":2}')).toBe("REQUEST_DUPLICATE_KEY");
  });
});

describe("depth", () => {
  it("refuses 65 levels and 10,000", () => {
    expect(parseCode("[".repeat(65) + "]".repeat(65))).toBe("REQUEST_TOO_DEEP");
    expect(parseCode('{"a":'.repeat(10_000))).toBe("REQUEST_TOO_DEEP");
  });

  it("takes 64 levels, and any number side by side", () => {
    expect(parseCode("[".repeat(64) + "]".repeat(64))).toBeUndefined();
    expect(parseCode(`[${Array(200).fill('{"a":[]}').join(",")}]`)).toBeUndefined();
  });
});

describe("numbers", () => {
  it.each([
    "2.0",
    "-0",
    "2.5",
    "1e0",
    "1E5",
    "1e400",
    "9007199254740992",
    "-9007199254740993",
    "0.0",
    "-0.0",
  ])("keeps %s as it was spelled", (text) => {
    const value = parseStrictJson(text);
    expect(value).toBeInstanceOf(JsonNumber);
    expect(stringifyJson([value])).toBe(`[${text}]`);
  });

  it.each([
    ["0", 0],
    ["-1", -1],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["-9007199254740991", Number.MIN_SAFE_INTEGER],
  ])("reads %s as a number", (text, value) => {
    expect(parseStrictJson(text)).toBe(value);
  });
});

describe("bytes", () => {
  it.each([
    ["an overlong form", [0x22, 0xc0, 0x80, 0x22]],
    ["a surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["a cut sequence", [0xe2, 0x82]],
    ["a byte order mark", [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
  ])("refuses %s", (_name, bytes) => {
    expect(codeOf(() => decodeUtf8Strict(Uint8Array.from(bytes)))).toBe("REQUEST_ENCODING");
  });

  it("decodes UTF-8", () => {
    expect(decodeUtf8Strict(new TextEncoder().encode("zl€😀"))).toBe("zl€😀");
  });
});

describe("what other readers may read differently", () => {
  it.each([
    ["a NUL", '["\\u0000"]'],
    ["a NUL in a key", '{"a\\u0000":1}'],
    ["a number beyond a double", "[1e400]"],
    ["a number of 400 digits", `[${"9".repeat(400)}]`],
    ["a string longer than the longest", `["${"x".repeat(LONG_STRING + 1)}"]`],
    ["an escaped one", `["\\n${"x".repeat(LONG_STRING)}"]`],
  ])("is noted: %s", (_what, text) => {
    expect(readStrictJson(text).suspicious).toBe(true);
  });

  it("is not noted of anything else", () => {
    const harmless = `{"0":"u0000 \\\\u0000","n":[1e308,0.1,-0,${"9".repeat(300)}],"s":"${"x".repeat(LONG_STRING)}"}`;
    expect(readStrictJson(harmless).suspicious).toBe(false);
  });
});

describe("keys", () => {
  it("are told apart however many came before, and may be used as they stand", () => {
    for (let at = 0; at < 10_000; at += 1) {
      expect(Object.keys(parseStrictJson(`{"k${at}":1,"k${at + 1}":2}`) ?? {})).toEqual([
        `k${at}`,
        `k${at + 1}`,
      ]);
    }
    expect(() => parseStrictJson('{"k1":1,"k1":2}')).toThrow("twice");
    expect(Object.keys(parseStrictJson('{"__proto__":1,"7":2}') ?? {})).toEqual(["7", "__proto__"]);
  });
});

describe("properties", () => {
  const json = fc.json({ noUnicodeString: false });

  it("agrees with JSON.parse on what has no odd numbers", () => {
    const value = fc.jsonValue({ noUnicodeString: false }).map((v) => JSON.stringify(v));
    fc.assert(
      fc.property(value, (text) => {
        const mine = JSON.parse(stringifyJson(parseStrictJson(text)));
        expect(mine).toEqual(JSON.parse(text));
      }),
    );
  });

  it("never takes what JSON.parse refuses", () => {
    fc.assert(
      fc.property(json, fc.nat(), fc.string({ maxLength: 2 }), fc.nat(2), (text, at, put, cut) => {
        const where = at % (text.length + 1);
        const mutated = text.slice(0, where) + put + text.slice(where + cut);
        let valid = true;
        try {
          JSON.parse(mutated);
        } catch {
          valid = false;
        }
        if (!valid) expect(parseCode(mutated)).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  it("writes what it read", () => {
    const text = '{"a":1.50,"b":[1e400,-0,true,null,"\\"\\u0001"],"c":{}}';
    expect(stringifyJson(parseStrictJson(` ${text.replaceAll(",", " , ")} `))).toBe(text);
  });
});
