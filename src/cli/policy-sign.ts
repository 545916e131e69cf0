/** `policy sign`: a statement beside the release, or one signature more under the one that is there. */
import type { Command } from "commander";
import { parseDuration } from "../config/values.ts";
import { readGiven } from "./given-file.ts";
import { EXIT, type ExitCode, printJson, runCommand, UsageError } from "./output.ts";

interface Options {
  readonly key: string;
  readonly sequence: string;
  readonly audience: string;
  readonly expires: string;
  readonly json?: true;
}

const MIN_LIFETIME_MS = 60_000;

export function registerPolicySign(policy: Command): void {
  policy
    .command("sign")
    .description("write FILE.statement.json; run again with another key, it adds a signature")
    .argument("<release>", "the release file")
    .requiredOption("--key <file>", "the private key: Ed25519, P-256 or RSA, as PEM or JWK")
    .requiredOption("--sequence <number>", "above that of every release before it")
    .requiredOption("--audience <name>", "the installations that it is for, as in their policy.trust")
    .requiredOption("--expires <duration>", "how long it may be in force: 30d")
    .option("--json", "print one JSON object")
    .action((release: string, options: Options) =>
      runCommand(options.json === true, () => sign(release, options)),
    );
}

async function sign(release: string, options: Options): Promise<ExitCode> {
  const { AUDIENCE, statementFile, writeEnvelope } = await import("../policy/statement.ts");
  const sequence = givenSequence(options.sequence);
  const lifetimeMs = givenLifetime(options.expires);
  if (!AUDIENCE.test(options.audience)) {
    throw new UsageError("--audience: 1 to 64 letters, digits, dots, underscores or hyphens");
  }
  const key = await givenKey(options.key);
  const archive = await readGiven(release);
  const [{ readRelease }, { signRelease }, { writeDurably }] = await Promise.all([
    import("../policy/read-release.ts"),
    import("../policy/sign-release.ts"),
    import("../durable-file.ts"),
  ]);
  const { identity } = await readRelease(archive);
  const file = statementFile(release);
  const { revision, sha256 } = identity;
  const signing = { audience: options.audience, sequence, revision, sha256, lifetimeMs, key };
  const { envelope, says, kids } = await signRelease(signing, await existing(file), Date.now());
  await writeDurably(file, writeEnvelope(envelope));
  const expires_at = new Date(says.expires_at).toISOString();
  if (options.json) {
    const { audience } = says;
    printJson({
      ok: true,
      statement: file,
      revision,
      sequence,
      sha256,
      audience,
      expires_at,
      signed_by: kids,
    });
  } else {
    console.log(
      `${file}: revision ${revision}, sequence ${sequence}, for ${says.audience}, until ${expires_at}`,
    );
    for (const kid of kids) {
      console.log(`  signed by ${kid ?? "a key without a name"}${kid === key.kid ? ", now" : ""}`);
    }
  }
  return EXIT.done;
}

/** The statement that is there; undefined where there is none. */
async function existing(file: string): Promise<Buffer | undefined> {
  try {
    return await readGiven(file);
  } catch (error) {
    const cause: unknown = error instanceof UsageError ? error.cause : undefined;
    if (cause instanceof Error && Reflect.get(cause, "code") === "ENOENT") return undefined;
    throw error;
  }
}

async function givenKey(file: string) {
  const { ReleaseKeyError, signingKey } = await import("../policy/release-keys.ts");
  try {
    return await signingKey(String(await readGiven(file)), file);
  } catch (error) {
    if (error instanceof ReleaseKeyError) throw new UsageError(`--key ${error.message}`, { cause: error });
    throw error;
  }
}

function givenSequence(text: string): number {
  const sequence = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(sequence)) throw new UsageError(`--sequence ${text}: not an integer from 0 on`);
  return sequence;
}

function givenLifetime(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < MIN_LIFETIME_MS || ms % 1_000 !== 0) {
    throw new UsageError(`--expires ${text}: not a duration from 1m on, such as 30d`);
  }
  return ms;
}
