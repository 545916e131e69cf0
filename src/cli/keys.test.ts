import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateKeys } from "./keys.ts";

test.each(["callback-server-pri.pem", "callback-server-pub.key"])(
  "nothing is overwritten where %s is there, and nothing is left behind",
  async (name) => {
    const directory = await mkdtemp(join(tmpdir(), "keys-"));
    await writeFile(join(directory, name), "mine");
    await expect(generateKeys(directory, 2048)).rejects.toThrow(/never overwritten/);
    expect(await readdir(directory)).toEqual([name]);
    expect(await readFile(join(directory, name), "utf8")).toBe("mine");
  },
);

test("a pair that fits, under the names of Cobo's documents, the private one for its owner only", async () => {
  const directory = join(await mkdtemp(join(tmpdir(), "keys-")), "deep");
  const { privateKey, publicKey } = await generateKeys(directory, 2048);
  expect([privateKey, publicKey]).toEqual([
    join(directory, "callback-server-pri.pem"),
    join(directory, "callback-server-pub.key"),
  ]);
  const pem = await readFile(privateKey, "utf8");
  expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect((await stat(privateKey)).mode & 0o777).toBe(0o600);
  const key = createPrivateKey(pem);
  expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
  const publicPem = createPublicKey(key).export({ type: "spki", format: "pem" });
  expect(await readFile(publicKey, "utf8")).toBe(publicPem);
});
