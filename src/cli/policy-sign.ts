/** `policy sign`: a statement beside the release or list, or one signature more under the one that is there. */
import type { Command } from "commander";
import { parseDuration } from "../config/values.ts";
import type { Signed, Signing } from "../policy/sign-release.ts";
import type { Statement } from "../policy/statement.ts";
import { codeOf } from "../thrown.ts";
import { readGiven } from "./given-file.ts";
import { EXIT, type ExitCode, printJson, runCommand, UsageError } from "./output.ts";

interface Options {
  readonly list?: string;
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
    .argument("<file>", "the release file, or with --list the list's")
    .option("--list <name>", "it is a list: its name, as in the config's lists")
    .requiredOption("--key <file>", "the private key: Ed25519, P-256 or RSA, as PEM or JWK")
    .requiredOption("--sequence <number>", "above that of every release, or of this list, before it")
    .requiredOption(
      "--audience <name>",
      "the installations that it is for, as in their policy.trust, or the list's",
    )
    .requiredOption("--expires <duration>", "how long it may be in force: 30d")
    .option("--json", "print one JSON object")
    .action((file: string, options: Options) => runCommand(options.json === true, () => sign(file, options)));
}

async function sign(file: string, options: Options): Promise<ExitCode> {
  const [{ AUDIENCE, statementFile, writeEnvelope }, { LIST_NAME }] = await Promise.all([
    import("../policy/statement.ts"),
    import("../input/list-name.ts"),
  ]);
  const sequence = givenSequence(options.sequence);
  const lifetimeMs = givenLifetime(options.expires);
  const { audience, list } = options;
  if (!AUDIENCE.test(audience)) {
    throw new UsageError("--audience: 1 to 64 letters, digits, dots, underscores or hyphens");
  }
  if (list !== undefined && !LIST_NAME.test(list)) {
    throw new UsageError("--list: lower-case letters, digits and underscores, a letter first");
  }
  const key = await givenKey(options.key);
  const statement = statementFile(file);
  const common = { audience, sequence, lifetimeMs, key };
  const { signed, about, what } = await (list === undefined
    ? signedRelease(file, common, statement)
    : signedList(file, list, common, statement));
  const { envelope, says, kids } = signed;
  const { writeDurably } = await import("../durable-file.ts");
  await writeDurably(statement, writeEnvelope(envelope));
  const expires_at = new Date(says.expires_at).toISOString();
  const { sha256 } = says;
  if (options.json) {
    printJson({ ok: true, statement, ...about, sequence, sha256, audience, expires_at, signed_by: kids });
  } else {
    console.log(`${statement}: ${what}, sequence ${sequence}, for ${audience}, until ${expires_at}`);
    for (const kid of kids) {
      console.log(`  signed by ${kid ?? "a key without a name"}${kid === key.kid ? ", now" : ""}`);
    }
  }
  return EXIT.done;
}

type Common = Pick<Signing, "audience" | "sequence" | "lifetimeMs" | "key">;

/** @property about - what tells it from others, for scripts; @property what - likewise, for people. */
interface Outcome {
  readonly signed: Signed<Statement>;
  readonly about: Readonly<Record<string, unknown>>;
  readonly what: string;
}

async function signedRelease(file: string, common: Common, statement: string): Promise<Outcome> {
  const archive = await readGiven(file);
  const [{ readRelease }, { signRelease }] = await Promise.all([
    import("../policy/read-release.ts"),
    import("../policy/sign-release.ts"),
  ]);
  const { revision, sha256 } = (await readRelease(archive)).identity;
  const signed = await signRelease({ ...common, revision, sha256 }, await existing(statement), Date.now());
  return { signed, about: { revision }, what: `revision ${revision}` };
}

/** Nobody signs by accident what is no list: it is read as a server would. */
async function signedList(file: string, list: string, common: Common, statement: string): Promise<Outcome> {
  const [{ readList }, { problemOf }, { signList }] = await Promise.all([
    import("../feeds/read-list.ts"),
    import("../feeds/feed-error.ts"),
    import("../policy/sign-release.ts"),
  ]);
  const { memory, sha256 } = await readList(file).catch((error: unknown) => {
    throw new Error(`${file}: ${problemOf(error)}`, { cause: error });
  });
  const { entries } = memory;
  const signed = await signList({ ...common, list, sha256 }, await existing(statement), Date.now());
  return { signed, about: { list, entries }, what: `list ${list}, ${entries} entries` };
}

/** The statement that is there; undefined where there is none. */
async function existing(file: string): Promise<Buffer | undefined> {
  try {
    return await readGiven(file);
  } catch (error) {
    const cause: unknown = error instanceof UsageError ? error.cause : undefined;
    if (codeOf(cause) === "ENOENT") return undefined;
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
