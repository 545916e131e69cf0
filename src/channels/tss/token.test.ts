import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { CompactSign, errors, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { Refusal } from "../../input/refusal.ts";
import { publicKeyFromPem } from "./keys.ts";
import { fieldOf, type NodeKeys, TokenRefusal, type VerifiedToken, verifyToken } from "./token.ts";

interface Vectors {
  node_public_key: string;
  test_checker_public_key_der: string;
  tokens: Record<"J0" | "J1" | "J2" | "J3" | "J4" | "J5" | "J6", string>;
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/callbacks/vectors/tokens.json", import.meta.url), "utf8"),
);

const node: NodeKeys = { name: "node-1", publicKeys: [publicKeyFromPem(vectors.node_public_key, "node-1")] };
const checker: NodeKeys = {
  name: "checker",
  publicKeys: [
    createPublicKey({
      key: Buffer.from(vectors.test_checker_public_key_der, "base64"),
      format: "der",
      type: "spki",
    }),
  ],
};

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const mine: NodeKeys = { name: "mine", publicKeys: [other.publicKey, pair.publicKey] };

const NOW = 1_700_000_000_000;
const EXP = NOW / 1000 + 120;
const LEEWAY = 60_000;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const base64url = (text: string): string => Buffer.from(text).toString("base64url");

function sign(
  claims: unknown,
  header: Record<string, unknown> = {},
  key: KeyObject | Uint8Array = pair.privateKey,
): Promise<string> {
  const bytes = Buffer.from(typeof claims === "string" ? claims : JSON.stringify(claims));
  return new CompactSign(bytes).setProtectedHeader({ alg: "RS256", typ: "JWT", ...header }).sign(key);
}

const verifyAt = (token: string, nowMs = NOW, nodes = [node, mine]): VerifiedToken<NodeKeys> =>
  verifyToken(token, nodes, nowMs, LEEWAY);

function refusalOf(run: () => unknown): { code: string; node: string | undefined } | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof TokenRefusal) return { code: error.code, node: error.node?.name };
    if (error instanceof Refusal) return { code: error.code, node: "?" };
    throw error;
  }
  return undefined;
}

const codeOf = (token: string, nowMs = NOW): string | undefined =>
  refusalOf(() => verifyAt(token, nowMs))?.code;

describe("vectors", () => {
  it("refuses J4 as expired, J5 and J6 for their algorithm", () => {
    expect(refusalOf(() => verifyAt(vectors.tokens.J4, 1_700_000_060_000))).toEqual({
      code: "TOKEN_EXPIRED",
      node: "node-1",
    });
    expect(codeOf(vectors.tokens.J5)).toBe("TOKEN_ALGORITHM");
    expect(codeOf(vectors.tokens.J6)).toBe("TOKEN_ALGORITHM");
  });

  it("finds no request in J3, whose claims are the request", () => {
    const verified = verifyAt(vectors.tokens.J3);
    expect(verified.node.name).toBe("node-1");
    expect(verified.refusal?.code).toBe("REQUEST_ENCODING");
  });

  it("refuses J0, which has expired, and takes it at its time", () => {
    expect(refusalOf(() => verifyAt(vectors.tokens.J0, NOW, [node, checker]))?.code).toBe("TOKEN_EXPIRED");
    const { packageData } = verifyAt(vectors.tokens.J0, 1_687_321_000_000, [node, checker]);
    expect(JSON.parse(Buffer.from(packageData ?? []).toString()).request_id).toBe("test_request_id");
  });

  it("takes J1, J2 and, before its end, J4", () => {
    expect(Buffer.from(verifyAt(vectors.tokens.J1).packageData ?? []).toString()).toContain('"ping-1"');
    expect(Buffer.from(verifyAt(vectors.tokens.J2).packageData ?? []).toString()).toBe("{}");
    expect(verifyAt(vectors.tokens.J4, 1_700_000_059_999).node.name).toBe("node-1");
  });
});

describe("structure", () => {
  const [header = "", claims = "", signature = ""] = vectors.tokens.J2.split(".");

  it.each([
    ["TOKEN_MISSING", ""],
    ["TOKEN_MALFORMED", "."],
    ["TOKEN_MALFORMED", "eyJhbGciOiJSUzI1NiJ9"],
    ["TOKEN_MALFORMED", `${header}.${claims}`],
    ["TOKEN_MALFORMED", `${header}.${claims}.${signature}.`],
    ["TOKEN_MALFORMED", `${header}.${claims}..${signature}`],
    ["TOKEN_MALFORMED", `.${claims}.${signature}`],
    ["TOKEN_MALFORMED", `${header}.${claims}=.${signature}`],
    ["TOKEN_MALFORMED", `${header}.${claims} .${signature}`],
    ["TOKEN_MALFORMED", `${header}.${claims}.${signature}=`],
    ["TOKEN_MALFORMED", `${header}.${claims}.${signature.replaceAll("_", "/").replaceAll("-", "+")}`],
    ["TOKEN_MALFORMED", `${base64url("[]")}.${claims}.${signature}`],
    ["TOKEN_MALFORMED", `${base64url("{")}.${claims}.${signature}`],
    ["TOKEN_MALFORMED", `${base64url('{"alg":"RS256","alg":"RS256"}')}.${claims}.${signature}`],
    ["TOKEN_MALFORMED", `${base64url('{"alg":"RS256","crit":["b64"],"b64":false}')}.${claims}.${signature}`],
    ["TOKEN_MALFORMED", `${base64url('{"alg":"RS256","b64":true}')}.${claims}.${signature}`],
    ["TOKEN_ALGORITHM", `${base64url("{}")}.${claims}.${signature}`],
    ["TOKEN_ALGORITHM", `${base64url('{"alg":["RS256"]}')}.${claims}.${signature}`],
    ["TOKEN_ALGORITHM", `${base64url('{"alg":"rs256"}')}.${claims}.${signature}`],
    ["TOKEN_SIGNATURE", `${header}.${claims}.`],
    ["TOKEN_SIGNATURE", `${header}.${claims}.AA`],
    ["TOKEN_SIGNATURE", `${base64url('{"alg":"RS256"}')}.${claims}.${signature}`],
    ["TOKEN_SIGNATURE", `${header}.${base64url("not JSON")}.${signature}`],
  ])("answers %s to %s", (code, token) => {
    expect(codeOf(token)).toBe(code);
  });

  it("refuses stray bits in the last character", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = signature.at(-1) ?? "";
    const stray = `${signature.slice(0, -1)}${alphabet[alphabet.indexOf(last) + 1]}`;
    expect(Buffer.from(stray, "base64url").equals(Buffer.from(signature, "base64url"))).toBe(true);
    expect(codeOf(`${header}.${claims}.${stray}`)).toBe("TOKEN_MALFORMED");
  });

  it("refuses any flipped bit of the signature", () => {
    const bytes = Buffer.from(signature, "base64url");
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(codeOf(`${header}.${claims}.${flipped.toString("base64url")}`)).toBe("TOKEN_SIGNATURE");
      }),
    );
  });
});

describe("algorithms and keys", () => {
  const claims = { package_data: base64("{}"), exp: EXP };

  it.each(["RS384", "RS512", "PS256", "PS512"])("refuses %s", async (alg) => {
    expect(codeOf(await sign(claims, { alg }))).toBe("TOKEN_ALGORITHM");
  });

  it("refuses HS256 with the public key as its secret", async () => {
    const secret = Buffer.from(pair.publicKey.export({ type: "spki", format: "pem" }));
    expect(codeOf(await sign(claims, { alg: "HS256" }, secret))).toBe("TOKEN_ALGORITHM");
  });

  it("refuses a key of nobody, and of a node that is not configured", async () => {
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
    expect(codeOf(await sign(claims, {}, stranger.privateKey))).toBe("TOKEN_SIGNATURE");
    const token = await sign(claims);
    expect(refusalOf(() => verifyAt(token, NOW, [node]))).toEqual({
      code: "TOKEN_SIGNATURE",
      node: undefined,
    });
    expect(refusalOf(() => verifyAt(token, NOW, []))?.code).toBe("TOKEN_SIGNATURE");
  });

  it("takes any key of a node, and names the node", async () => {
    for (const key of [pair.privateKey, other.privateKey]) {
      expect(verifyAt(await sign(claims, {}, key)).node.name).toBe("mine");
    }
    expect(verifyAt(await sign(claims, { typ: undefined, kid: "x" })).node.name).toBe("mine");
  });
});

describe("claims", () => {
  const package_data = base64("{}");

  it.each([
    ["TOKEN_MALFORMED", "[]"],
    ["TOKEN_MALFORMED", "x"],
    ["TOKEN_MALFORMED", `{"exp":${EXP},"exp":${EXP + 1}}`],
    ["TOKEN_MALFORMED", `{"exp":${EXP},"x":"\\ud800"}`],
    ["TOKEN_NO_EXPIRY", "{}"],
    ["TOKEN_NO_EXPIRY", `{"exp":null}`],
    ["TOKEN_NO_EXPIRY", `{"exp":"${EXP}"}`],
    ["TOKEN_NO_EXPIRY", `{"exp":${EXP}.0}`],
    ["TOKEN_NO_EXPIRY", `{"exp":1e400}`],
    ["TOKEN_NO_EXPIRY", `{"exp":[${EXP}]}`],
    ["TOKEN_EXPIRED", `{"exp":0}`],
    ["TOKEN_EXPIRED", `{"exp":-1}`],
    ["TOKEN_EXPIRED", `{"exp":${NOW / 1000 - 60}}`],
    ["TOKEN_MALFORMED", `{"exp":${EXP},"nbf":${NOW / 1000 + 61}}`],
    ["TOKEN_MALFORMED", `{"exp":${EXP},"nbf":"1"}`],
  ])("answers %s to %s, and knows the node", async (code, claims) => {
    const token = await sign(claims);
    expect(refusalOf(() => verifyAt(token))).toEqual({ code, node: "mine" });
  });

  it("allows the leeway, on both sides", async () => {
    const early = await sign({ package_data, exp: NOW / 1000 - 59, nbf: NOW / 1000 + 60 });
    expect(verifyAt(early).packageData).toBeDefined();
    expect(
      verifyAt(await sign({ package_data, exp: EXP, nbf: null, iat: null, iss: 7 })).packageData,
    ).toBeDefined();
  });

  it.each([undefined, "", null, 5, {}, "e30", "e31=", "e30=\n", " e30=", "e30==", "%%%", "e3-_", "ey=="])(
    "answers REQUEST_ENCODING to the package_data %j",
    async (data) => {
      const verified = verifyAt(await sign({ package_data: data, exp: EXP }));
      expect(verified.refusal?.code).toBe("REQUEST_ENCODING");
      expect(verified.node.name).toBe("mine");
    },
  );
});

describe("the form field", () => {
  it.each([
    "",
    "TSS_JWT_MSG=",
    "TSS_JWT_MSG",
    "TSS_JWT_MSG=%20",
    "TSS_JWT_MSG=+",
    "tss_jwt_msg=a",
    "x=TSS_JWT_MSG=a",
    "TSS_JWT_MSG=a&TSS_JWT_MSG=a",
    "TSS_JWT_MSG=a&TSS_JWT_MSG=",
    "TSS_JWT_MSG=a&TSS%5FJWT_MSG=b",
  ])("refuses %j", (body) => {
    expect(refusalOf(() => fieldOf(body))?.code).toBe("TOKEN_MISSING");
  });

  it.each([
    "TSS_JWT_MSG=a.b-c_",
    "x=1&TSS_JWT_MSG=a.b-c_&y=",
    "TSS_JWT_MSG=%20a.b-c_%0A",
    "TSS%5FJWT%5FMSG=a.b-c_",
  ])("reads %j", (body) => {
    expect(fieldOf(body)).toBe("a.b-c_");
  });
});

it("never takes a token that jose refuses", async () => {
  const token = await sign({ package_data: base64("{}"), exp: EXP });
  await fc.assert(
    fc.asyncProperty(fc.nat(token.length), fc.string({ maxLength: 2 }), fc.nat(2), async (at, put, cut) => {
      const mutated = token.slice(0, at) + put + token.slice(at + cut);
      const jose = await jwtVerify(mutated, pair.publicKey, {
        algorithms: ["RS256"],
        currentDate: new Date(NOW),
        clockTolerance: LEEWAY / 1000,
        requiredClaims: ["exp"],
      }).then(
        () => true,
        (error) => !(error instanceof errors.JOSEError),
      );
      if (!jose) expect(codeOf(mutated)).toBeDefined();
      if (mutated !== token) expect(codeOf(mutated)).toBeDefined();
    }),
    { numRuns: 200 },
  );
});

describe("what has proven nothing takes no time", () => {
  const MEBIBYTE = 1_048_576;
  const filled = (text: string): string => text.repeat(Math.floor(MEBIBYTE / text.length));
  /** The cheapest of three runs, in time of the processor: others use this machine too. */
  const millisecondsOf = (run: () => unknown): number =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const before = process.cpuUsage();
        expect(refusalOf(run)?.code).toMatch(/^TOKEN_(MISSING|MALFORMED)$/);
        return process.cpuUsage(before).user / 1000;
      }),
    );

  it.each(["&", "a&", "a=b&", "T&", "%54&", "TSS_JWT_MSG=&"])("a form of %s", (pair) => {
    expect(millisecondsOf(() => verifyAt(fieldOf(filled(pair))))).toBeLessThan(20);
  });

  it.each(["+", "%41", " ", "a+", "%"])("a field of %s", (text) => {
    expect(millisecondsOf(() => verifyAt(fieldOf(`TSS_JWT_MSG=${filled(text)}`)))).toBeLessThan(30);
  });

  it.each(["[]", "{}", '"\\n"', "1.5"])("a header of %s", (element) => {
    const header = base64url(`{"alg":"none","a":[${filled(`${element},`).slice(0, 699_999)}`);
    const whole = base64url(`{"alg":"none","a":[${`${element},`.repeat(150_000)}0]}`);
    expect(codeOf(`${whole}.e30.AA`)).toBe("TOKEN_MALFORMED");
    expect(millisecondsOf(() => verifyAt(`${whole}.e30.AA`))).toBeLessThan(10);
    expect(millisecondsOf(() => verifyAt(`${header}.e30.AA`))).toBeLessThan(10);
  });

  it("a header with members that nobody needs is read as before", async () => {
    const token = await sign({ package_data: base64("{}"), exp: EXP }, { kid: "k".repeat(500) });
    expect(verifyAt(token).node.name).toBe("mine");
  });
});

describe("a form's field", () => {
  it.each([
    ["TSS_JWT_MSG=a.b.c", "a.b.c"],
    ["a=1&TSS_JWT_MSG=a.b.c&TSS_JWT_MSGS=2", "a.b.c"],
    ["%54SS%5FJWT_MSG=a%2Eb.c", "a.b.c"],
    ["TSS_JWT_MSG=++a.b.c+", "a.b.c"],
    ["TSS_JWT_MSG=%0A%20a.b.c%0D", "a.b.c"],
    ["TSS_JWT_MSG=a=b", "a=b"],
  ])("%s", (body, value) => {
    expect(fieldOf(body)).toBe(value);
  });

  it.each([
    ["TSS_JWT_MSG=a&%54SS_JWT_MSG=b", "TOKEN_MISSING"],
    ["TSS_JWT_MSG=a&TSS_JWT_MSG", "TOKEN_MISSING"],
    ["TSS_JWT_MSG=a&TSS_JWT_MSG=a", "TOKEN_MISSING"],
    ["tss_jwt_msg=a", "TOKEN_MISSING"],
    ["TSS_JWT_MSG%=a", "TOKEN_MISSING"],
    [`${"a&".repeat(64)}TSS_JWT_MSG=a`, "TOKEN_MALFORMED"],
  ])("%s refuses", (body, code) => {
    expect(refusalOf(() => fieldOf(body))?.code).toBe(code);
  });
});
