import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactVerify } from "jose";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { inForce, parseAnchor } from "./anchor-file.ts";
import { type Checkpoints, openCheckpoints } from "./checkpoint.ts";
import { signStatement, verifyStatement } from "./checkpoint-statement.ts";

const folders: string[] = [];
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "checkpoints-"));
  folders.push(folder);
});
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

const HASH = "ab".repeat(32);
const AT = 1_760_000_000_000;
const path = (name: string) => join(folder, name);
const anchorText = () => readFileSync(path("anchor"), "utf8");

/** As it is found, closed again. */
async function opened(): Promise<Pick<Checkpoints, "anchored">> {
  const checkpoints = await openCheckpoints(folder);
  const { anchored } = checkpoints;
  await checkpoints.close();
  return { anchored };
}

async function published(...seqs: number[]): Promise<string[]> {
  const checkpoints = await openCheckpoints(folder);
  const statements = seqs.map((seq) => checkpoints.sign(seq, HASH, AT));
  await Promise.all(statements.map((statement) => checkpoints.publish(statement)));
  await checkpoints.close();
  return statements;
}

test("key and anchor are made at the first use and kept", async () => {
  expect((await opened()).anchored).toBeUndefined();
  const key = readFileSync(path("checkpoint.key"), "utf8");
  expect(statSync(path("checkpoint.key")).mode & 0o777).toBe(0o600);
  const [first, second] = await published(1_000, 2_000);
  expect(anchorText()).toBe(`${first}\n${second}\n`);
  expect((await opened()).anchored).toEqual({ seq: 2_000, hash: HASH });
  expect(readFileSync(path("checkpoint.key"), "utf8")).toBe(key);
});

test("a statement is a compact JWS that another library verifies", async () => {
  const [statement = ""] = await published(7);
  const key = createPublicKey(readFileSync(path("checkpoint.pub")));
  const { payload, protectedHeader } = await compactVerify(statement, key);
  expect(protectedHeader).toEqual({ alg: "EdDSA" });
  const says = { type: "countersign.checkpoint/1", seq: 7, hash: HASH, at: AT };
  expect(JSON.parse(Buffer.from(payload).toString())).toEqual(says);
  expect(verifyStatement(statement, key)).toEqual(says);
  const [header, body, signature = ""] = statement.split(".");
  expect(verify(null, Buffer.from(`${header}.${body}`), key, Buffer.from(signature, "base64url"))).toBe(true);
});

describe("what a crash leaves", () => {
  test("a torn last line is no fault, and is not continued", async () => {
    const [first = "", second = ""] = await published(1, 2);
    writeFileSync(path("anchor"), `${first}\n${second.slice(0, 40)}`);
    expect((await opened()).anchored).toEqual({ seq: 1, hash: HASH });
    const [third] = await published(3);
    expect(anchorText()).toBe(`${first}\n${third}\n`);
  });

  test("nor is a line without its end", async () => {
    const [first = ""] = await published(1);
    writeFileSync(path("anchor"), first);
    expect((await opened()).anchored).toBeUndefined();
  });
});

describe("what is refused", () => {
  const refused = (message: RegExp) =>
    expect(openCheckpoints(folder)).rejects.toMatchObject({
      code: "LEDGER_CORRUPT",
      message: expect.stringMatching(message),
    });

  test("an unreadable line before the last", async () => {
    await published(1);
    appendFileSync(path("anchor"), "nonsense\n");
    await refused(/line 2/);
    writeFileSync(path("anchor"), "\n");
    await refused(/line 1/);
  });

  test("a last line of another key", async () => {
    await published(1);
    const { privateKey } = generateKeyPairSync("ed25519");
    const says = { type: "countersign.checkpoint/1", seq: 9, hash: HASH, at: AT } as const;
    appendFileSync(path("anchor"), `${signStatement(says, privateKey)}\n`);
    await refused(/entry 9/);
  });

  test("an anchor whose key is gone; a key that is none; another public half", async () => {
    await published(1);
    const key = readFileSync(path("checkpoint.key"));
    rmSync(path("checkpoint.key"));
    await refused(/gone/);
    writeFileSync(path("checkpoint.key"), "no key");
    await refused(/no Ed25519/);
    writeFileSync(path("checkpoint.key"), key);
    const { publicKey } = generateKeyPairSync("ed25519");
    writeFileSync(path("checkpoint.pub"), publicKey.export({ type: "spki", format: "pem" }));
    await refused(/public half/);
  });

  test("a statement of another key is not published", async () => {
    const checkpoints = await openCheckpoints(folder);
    const { privateKey } = generateKeyPairSync("ed25519");
    const says = { type: "countersign.checkpoint/1", seq: 9, hash: HASH, at: AT } as const;
    await expect(checkpoints.publish(signStatement(says, privateKey))).rejects.toMatchObject({
      code: "LEDGER_CORRUPT",
    });
    expect(anchorText()).toBe("");
  });
});

test("where another chain was accepted, what was stated before counts no more", async () => {
  const checkpoints = await openCheckpoints(folder);
  for (const [seq, resumed] of [[1], [5], [9], [5, true], [7]] as const) {
    await checkpoints.publish(checkpoints.sign(seq, HASH, AT, resumed));
  }
  const lines = inForce(parseAnchor(anchorText()).lines);
  expect(lines.map(({ says }) => says.seq)).toEqual([5, 7]);
  expect((await opened()).anchored?.seq).toBe(7);
});
