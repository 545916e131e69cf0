/** Bad tokens through real HTTP: each is refused with status 20, signed, and nothing of the request is echoed. */
import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type CompactJWSHeaderParameters, CompactSign } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Caller,
  claimsOf,
  demoRequest,
  expectApproval,
  expectRefusal,
  fresh,
  readReply,
  requestToken,
  tokenOf,
} from "../support/caller.ts";
import { FEW_RULES } from "../support/few-rules.ts";
import { Installation, type RunningProcess } from "../support/installation.ts";
import { type KeyPair, keyPair } from "../support/key-pairs.ts";

const LISTED = demoRequest("listed-transfer");
const LISTED_ID: string = JSON.parse(LISTED).request_id;
const LEEWAY_S = 60;

const vectors: {
  node_public_key: string;
  tokens: Record<"J0" | "J1" | "J2" | "J3" | "J4" | "J5" | "J6", string>;
} = JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/callbacks/vectors/tokens.json"), "utf8"));

const node2: KeyPair = keyPair();
const server2: KeyPair = keyPair();
const stranger: KeyPair = keyPair();
let installation: Installation;
let running: RunningProcess;
let caller: Caller;

beforeAll(async () => {
  installation = new Installation({
    policy: { release: FEW_RULES.open, trust: "unsigned" },
    nodes: [
      {
        name: "node-1",
        callback_public_keys: ["./node.pub"],
        node_id: "coboBTGDvjJG99pABegvPYmavrcTU3SkjTLHVdsko8dWBga4w",
      },
      {
        name: "node-2",
        callback_public_keys: ["./node-2.pub"],
        node_id: "coboCqZ7mM2Wn4xT9KJrVfYdL8sHbPgUe3RaXoQk5NcDw6i1y",
        signing_key: "./server-2.pem",
      },
      { name: "vectors", callback_public_keys: ["./vectors.pub"] },
    ],
  });
  installation.write("node-2.pub", node2.publicPem);
  installation.write("server-2.pem", server2.privatePem);
  installation.write("vectors.pub", vectors.node_public_key);
  running = await installation.start();
  caller = new Caller(running.addresses.nodes);
});

afterAll(async () => {
  caller.close();
  await installation.remove();
});

const seconds = (): number => Math.floor(Date.now() / 1000);
const base64url = (content: string | Uint8Array): string => Buffer.from(content).toString("base64url");
const nodeKey = (): KeyObject => installation.node.privateKey;
const good = (): string => requestToken(LISTED, nodeKey());
const withClaims = (changes: Readonly<Record<string, unknown>>): string =>
  tokenOf(claimsOf(LISTED, changes), nodeKey());
const withHeader = (header: string | Readonly<Record<string, unknown>>): string =>
  tokenOf(claimsOf(LISTED), nodeKey(), header);

/** The token with another algorithm, well signed by that algorithm. */
function signedBy(
  alg: string,
  key: KeyObject | Uint8Array,
  header: Partial<CompactJWSHeaderParameters> = {},
) {
  const claims = Buffer.from(JSON.stringify(claimsOf(LISTED)));
  return new CompactSign(claims).setProtectedHeader({ alg, typ: "JWT", ...header }).sign(key);
}

/** The good token with one bit of its signature changed. */
function flipped(bit: number): string {
  const [header, claims, signature = ""] = good().split(".");
  const bytes = Buffer.from(signature, "base64url");
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return `${header}.${claims}.${base64url(bytes)}`;
}

/** The good token with its three parts put together in another way. */
const parts = (change: (header: string, claims: string, signature: string) => string): string => {
  const [header = "", claims = "", signature = ""] = good().split(".");
  return change(header, claims, signature);
};

const lastChanged = (text: string): string => text.slice(0, -1) + (text.endsWith("B") ? "C" : "B");

type Make = () => string | Promise<string>;

const REFUSED: Readonly<Record<string, readonly (readonly [string, Make])[]>> = {
  TOKEN_EXPIRED: [
    ["long ago", () => withClaims({ exp: 1_700_000_000 })],
    ["one second beyond the leeway", () => withClaims({ exp: seconds() - LEEWAY_S - 1 })],
    ["exp 0", () => withClaims({ exp: 0 })],
    ["a negative exp", () => withClaims({ exp: -1 })],
    ["vector J4", () => vectors.tokens.J4],
  ],
  TOKEN_NO_EXPIRY: [
    ["no exp", () => withClaims({ exp: undefined })],
    ["exp null", () => withClaims({ exp: null })],
    ["exp as string", () => withClaims({ exp: String(seconds() + 60) })],
    ["exp as array", () => withClaims({ exp: [seconds() + 60] })],
    ["exp with a fraction", () => withClaims({ exp: seconds() + 60.5 })],
    ["exp true", () => withClaims({ exp: true })],
    [
      "exp 1e400",
      () => tokenOf(JSON.stringify(claimsOf(LISTED, { exp: 7 })).replace(":7", ":1e400"), nodeKey()),
    ],
    [
      "exp 1e10",
      () => tokenOf(JSON.stringify(claimsOf(LISTED, { exp: 7 })).replace(":7", ":1e10"), nodeKey()),
    ],
  ],
  TOKEN_ALGORITHM: [
    [
      "none, unsigned",
      () => parts((_header, claims) => `${base64url('{"alg":"none","typ":"JWT"}')}.${claims}.`),
    ],
    ["none, with a good signature", () => withHeader({ alg: "none", typ: "JWT" })],
    ["None", () => withHeader({ alg: "None" })],
    [
      "HS256 keyed with the node's public key",
      () => signedBy("HS256", Buffer.from(installation.node.publicPem)),
    ],
    [
      "HS256 keyed with the node's public key in DER",
      () => signedBy("HS256", installation.node.publicKey.export({ type: "spki", format: "der" })),
    ],
    ["RS384", () => signedBy("RS384", nodeKey())],
    ["RS512", () => signedBy("RS512", nodeKey())],
    ["PS256", () => signedBy("PS256", nodeKey())],
    ["ES256", () => signedBy("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)],
    ["EdDSA", () => signedBy("EdDSA", generateKeyPairSync("ed25519").privateKey)],
    ["rs256", () => withHeader({ alg: "rs256" })],
    ["RS256 with a space", () => withHeader({ alg: "RS256 " })],
    ["RS256 in an array", () => withHeader({ alg: ["RS256"] })],
    ["no alg", () => withHeader({ typ: "JWT" })],
    ["alg null", () => withHeader({ alg: null })],
    ["vector J5", () => vectors.tokens.J5],
    ["vector J6", () => vectors.tokens.J6],
  ],
  TOKEN_SIGNATURE: [
    ["a stranger's key", () => requestToken(LISTED, stranger.privateKey)],
    ["the server's own key", () => requestToken(LISTED, installation.server.privateKey)],
    [
      "a stranger's key that the header brings along",
      () =>
        tokenOf(claimsOf(LISTED), stranger.privateKey, {
          alg: "RS256",
          jwk: stranger.publicKey.export({ format: "jwk" }),
          kid: "../node.pub",
          x5u: "http://localhost/key",
        }),
    ],
    ["the first bit flipped", () => flipped(0)],
    ["one bit in the middle flipped", () => flipped(1_000)],
    ["the last bit flipped", () => flipped(2_047)],
    [
      "RS384 called RS256",
      async () => {
        const [, claims, signature] = (await signedBy("RS384", nodeKey())).split(".");
        return `${base64url('{"alg":"RS256","typ":"JWT"}')}.${claims}.${signature}`;
      },
    ],
    [
      "another token's signature",
      () => {
        const other = requestToken(demoRequest("ping"), nodeKey()).split(".")[2];
        return parts((header, claims) => `${header}.${claims}.${other}`);
      },
    ],
    [
      "other claims",
      () => parts((header, _claims, signature) => `${header}.${base64url("{}")}.${signature}`),
    ],
    ["no signature", () => parts((header, claims) => `${header}.${claims}.`)],
    ["a short signature", () => parts((header, claims) => `${header}.${claims}.AAAA`)],
    ["zeros", () => parts((header, claims) => `${header}.${claims}.${base64url(new Uint8Array(256))}`)],
    [
      "500 KB of signature",
      () => parts((header, claims) => `${header}.${claims}.${base64url(randomBytes(500_000))}`),
    ],
    ["vector J0, of a key that is not configured", () => vectors.tokens.J0],
  ],
  TOKEN_MALFORMED: [
    ["an extra dot at the end", () => `${good()}.`],
    ["an extra dot in front", () => `.${good()}`],
    ["an extra dot between", () => parts((header, claims, signature) => `${header}..${claims}.${signature}`)],
    ["a fourth part", () => `${good()}.${base64url("{}")}`],
    ["five parts, as an encrypted token", () => `${good()}.AAAA.AAAA`],
    ["many dots", () => ".".repeat(100_000)],
    ["two parts", () => parts((header, claims) => `${header}.${claims}`)],
    ["one part", () => parts((header) => header)],
    [
      "not base64url in the header",
      () => parts((_header, claims, signature) => `%%%.${claims}.${signature}`),
    ],
    ["not base64url in the claims", () => parts((header, _claims, signature) => `${header}.*.${signature}`)],
    ["padding", () => `${good()}==`],
    [
      "a second spelling of the signature",
      () => parts((header, claims, signature) => `${header}.${claims}.${lastChanged(signature)}`),
    ],
    ["white space inside", () => parts((header, claims, signature) => `${header}. ${claims}.${signature}`)],
    ["a NUL byte inside", () => parts((header, claims, signature) => `${header}.${claims}\0.${signature}`)],
    ["quotes around", () => `"${good()}"`],
    ["a scheme before", () => `Bearer ${good()}`],
    ["JSON serialization", () => JSON.stringify({ payload: "e30", signature: "AAAA", protected: "e30" })],
    ["500 KB of one letter", () => "A".repeat(500_000)],
    ["an empty header", () => parts((_header, claims, signature) => `.${claims}.${signature}`)],
    ["a header that is no JSON", () => withHeader("alg=RS256")],
    ["a header that is an array", () => withHeader('["RS256"]')],
    ["a header with a key twice", () => withHeader('{"alg":"RS256","alg":"RS256"}')],
    ["a header with crit", () => withHeader({ alg: "RS256", crit: ["exp"] })],
    ["a header with b64", () => withHeader({ alg: "RS256", b64: false })],
    [
      "a header 10,000 levels deep",
      () => withHeader(`{"alg":"RS256","x":${"[".repeat(10_000)}${"]".repeat(10_000)}}`),
    ],
    ["claims that are no JSON", () => tokenOf("package_data", nodeKey())],
    ["claims that are an array", () => tokenOf("[]", nodeKey())],
    ["claims that are null", () => tokenOf("null", nodeKey())],
    ["claims that are not UTF-8", () => tokenOf(new Uint8Array([0x7b, 0xff, 0x7d]), nodeKey())],
    [
      "claims with a key twice",
      () => tokenOf(`{"exp":4102444800,${JSON.stringify(claimsOf(LISTED)).slice(1)}`, nodeKey()),
    ],
    [
      "claims 10,000 levels deep",
      () => tokenOf(`{"exp":4102444800,"x":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, nodeKey()),
    ],
    ["a lone surrogate in the claims", () => tokenOf('{"exp":4102444800,"iss":"\\ud800"}', nodeKey())],
    ["not valid before tomorrow", () => withClaims({ nbf: seconds() + 86_400 })],
    ["nbf as string", () => withClaims({ nbf: String(seconds()) })],
  ],
};

describe.each(Object.entries(REFUSED))("%s", (code, cases) => {
  test.each(cases)("%s", async (_title, make) => {
    const answer = await caller.sendToken(await make());
    expectRefusal(answer, installation.server.publicKey, { status: 20, code, id: "" });
  });
});

describe("keys and nodes", () => {
  test("another node's key signs for that node only: its own request, not this one's", async () => {
    const answer = await caller.sendToken(requestToken(LISTED, node2.privateKey));
    expectRefusal(answer, server2.publicKey, { status: 0, code: "NOT_A_PARTICIPANT", id: LISTED_ID });
    const keyGeneration = demoRequest("key-generation-listed");
    const own = await caller.sendToken(requestToken(keyGeneration, node2.privateKey));
    expectApproval(own, server2.publicKey, JSON.parse(keyGeneration).request_id);
  });

  test("a known node's bad claims are answered with the key for that node, a stranger with the common one", async () => {
    const expired = tokenOf(claimsOf(LISTED, { exp: 1 }), node2.privateKey);
    const refusal = { status: 20, code: "TOKEN_EXPIRED", id: "" } as const;
    expectRefusal(await caller.sendToken(expired), server2.publicKey, refusal);
    expectRefusal(await caller.sendToken(withClaims({ exp: 1 })), installation.server.publicKey, refusal);
  });

  test("the good token, at the edge of the leeway too, is approved", async () => {
    const { publicKey } = installation.server;
    for (const exp of [seconds() + 60, seconds() - LEEWAY_S + 5]) {
      const { text, id } = fresh(LISTED);
      const token = tokenOf(claimsOf(text, { exp }), nodeKey());
      expectApproval(await caller.sendToken(token), publicKey, id);
    }
    const { text, id } = fresh(LISTED);
    const foreign = tokenOf(claimsOf(text), nodeKey(), '{ "typ" : "JWT", "kid": "x", "alg" : "RS256" }');
    expectApproval(await caller.sendToken(foreign), publicKey, id);
  });

  test("vectors J1 and J2 are pings, J3 holds no request", async () => {
    const { J1, J2, J3 } = vectors.tokens;
    const key = installation.server.publicKey;
    expect(readReply((await caller.sendToken(J1)).body, key)).toEqual({
      status: 0,
      request_id: "ping-1",
      error: "",
    });
    expectApproval(await caller.sendToken(J2), key, "");
    expectRefusal(await caller.sendToken(J3), key, { status: 10, code: "REQUEST_ENCODING", id: "" });
  });
});

test("an answer is signed once for each code and key: all refusals of this file are of few different bytes", async () => {
  const bodies = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    for (const make of [() => withClaims({ exp: 1 }), () => flipped(round), () => "a.b", () => ""]) {
      bodies.add((await caller.sendToken(make())).body);
    }
  }
  expect(bodies.size).toBe(4);
});

test("refused tokens make no decision: sampled lines in the log, and counters", async () => {
  const approvedOrForeign = 5;
  const decided = () => running.log.filter(({ msg }) => msg === "decision");
  for (let tries = 0; decided().length < approvedOrForeign && tries < 50; tries += 1) await sleep(100);
  const decisions = decided();
  expect(decisions.every(({ request_id }) => request_id !== "")).toBe(true);
  expect(decisions).toHaveLength(approvedOrForeign);
  const lines = running.log.filter(({ msg }) => msg === "token refused");
  const codes = lines.map(({ code }) => code);
  expect(codes).toHaveLength(new Set(codes).size);
  const metrics = await (await fetch(`http://${running.addresses.admin}/metrics`)).text();
  for (const [code, cases] of Object.entries(REFUSED)) {
    const count = new RegExp(`^countersign_tokens_refused_total\\{code="${code}"\\} (\\d+)$`, "m").exec(
      metrics,
    );
    expect(Number(count?.[1]), code).toBeGreaterThanOrEqual(cases.length);
  }
  expect(running.log.filter(({ msg }) => msg === "exception")).toEqual([]);
});
