/**
 * The demo's fourth part: who controls the policy. Two people sign each release; what one of them signed alone goes
 * nowhere, what both signed is live at once, and what was live before never comes back by itself.
 */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { inspectRelease } from "../policy/inspect.ts";
import { type SigningKey, signingKey } from "../policy/release-keys.ts";
import { signRelease } from "../policy/sign-release.ts";
import { statementFile, writeEnvelope } from "../policy/statement.ts";
import { ROOT } from "../root.ts";
import { type DemoResult, operate, refusalOf, type Stage } from "./demo-stage.ts";
import { anotherOf } from "./demo-transfer.ts";

const DEMO = fileURLToPath(new URL("bundles/demo.tar.gz", ROOT));
/** The same rules without the demo's data: nobody is on its allow-list. */
const STRICTER = fileURLToPath(new URL("bundles/default.tar.gz", ROOT));
const AUDIENCE = "demo";
const LIFETIME_MS = 3_600_000;
/** Nobody's: the samples' nonces, and those of the other parts, are others. */
const NONCE = 110;

const checkSchema = z.object({
  live: z.object({ revision: z.string(), sequence: z.int() }).optional(),
  changed: z.boolean(),
  error: z.string().optional(),
});

/** @property release - where the server looks. @property signers - two, and both have to sign. */
export interface ReleasePlace {
  readonly release: string;
  readonly signers: readonly [SigningKey, SigningKey];
}

/**
 * Two people's keys, and the demo release signed by both, in a folder.
 *
 * @returns the place, and the config's `policy`.
 */
export async function prepareRelease(
  folder: string,
): Promise<{ readonly place: ReleasePlace; readonly policy: Readonly<Record<string, unknown>> }> {
  const pairs = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")] as const;
  const files = ["alice.pub", "bob.pub"];
  for (const [at, { publicKey }] of pairs.entries()) {
    await writeFile(
      join(folder, files[at] ?? ""),
      publicKey.export({ type: "spki", format: "pem" }).toString(),
    );
  }
  const [alice, bob] = pairs;
  const signers = [await signerOf(alice.privateKey), await signerOf(bob.privateKey)] as const;
  const place = { release: join(folder, "release.tar.gz"), signers };
  await publish(place, DEMO, 1, signers);
  const trust = { keys: files.map((file) => `./${file}`), threshold: 2, audience: AUDIENCE };
  return { place, policy: { release: "./release.tar.gz", trust } };
}

export async function tellOfReleases(stage: Stage, place: ReleasePlace): Promise<DemoResult[]> {
  const { signers } = place;
  await publish(place, STRICTER, 2, [signers[0]]);
  const short = await reload(stage);
  await publish(place, STRICTER, 2, signers);
  const stricter = await reload(stage);
  const unlisted = await stage.ask(anotherOf(stage.listed, NONCE));
  await publish(place, DEMO, 1, signers);
  const older = await reload(stage);
  await publish(place, DEMO, 3, signers);
  const again = await reload(stage);
  return [
    refused("a release that one of two people signed", short, "signatures", 1),
    live("when the other one signs it as well", stricter, 2),
    refusalOf("its rules decide: here nobody is on the allow-list", unlisted, "DESTINATION_ALLOWLIST"),
    refused("the release before, put back by somebody", older, "sequence", 2),
    live("signed anew by both, under the next sequence", again, 3),
  ];
}

interface Check extends z.infer<typeof checkSchema> {
  readonly ms: number;
}

/** What the server makes of what lies there now. */
async function reload(stage: Stage): Promise<Check> {
  const started = performance.now();
  const { body } = await operate(stage, "POST", "/v1/reload");
  return { ...checkSchema.parse(JSON.parse(body)), ms: performance.now() - started };
}

/** @param sequence - of the release that decides on. */
function refused(title: string, check: Check, step: string, sequence: number): DemoResult {
  const { error = "", ms } = check;
  return {
    title,
    action: "REFUSED",
    error,
    ok: error.startsWith(`${step}: `) && check.live?.sequence === sequence,
    ms,
  };
}

function live(title: string, check: Check, sequence: number): DemoResult {
  const { error = `revision ${check.live?.revision ?? ""}, sequence ${check.live?.sequence ?? ""}`, ms } =
    check;
  return {
    title,
    action: "LIVE",
    error,
    ok: check.changed && check.error === undefined && check.live?.sequence === sequence,
    ms,
  };
}

async function publish(
  { release }: ReleasePlace,
  archive: string,
  sequence: number,
  signers: readonly SigningKey[],
): Promise<void> {
  const bytes = await readFile(archive);
  const { revision, sha256 } = (await inspectRelease(bytes)).identity;
  let statement: Uint8Array | undefined;
  for (const key of signers) {
    const says = { audience: AUDIENCE, sequence, revision, sha256, lifetimeMs: LIFETIME_MS, key };
    const { envelope } = await signRelease(says, statement, Date.now());
    statement = Buffer.from(writeEnvelope(envelope));
  }
  await writeFile(release, bytes);
  if (statement !== undefined) await writeFile(statementFile(release), statement);
}

function signerOf(key: KeyObject): Promise<SigningKey> {
  return signingKey(key.export({ type: "pkcs8", format: "pem" }).toString(), "a key of the demo");
}
