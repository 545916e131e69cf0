/** `keys generate`: the server's callback key pair, under the names of Cobo's documents. */
import { generateKeyPair } from "node:crypto";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Command } from "commander";
import { codeOf } from "../thrown.ts";
import { EXIT, printJson, runCommand, UsageError } from "./output.ts";

const PRIVATE_KEY_FILE = "callback-server-pri.pem";
const PUBLIC_KEY_FILE = "callback-server-pub.key";

const BITS = ["2048", "3072", "4096", "8192"];

export function registerKeys(program: Command): void {
  program
    .command("keys")
    .description("the server's own keys")
    .command("generate")
    .description("a key pair to sign replies with; never overwrites")
    .requiredOption("--out <dir>", "folder for the two files")
    .option("--bits <number>", `size of the RSA key: ${BITS.join(", ")}`, "4096")
    .option("--json", "print one JSON object")
    .action((options: { out: string; bits: string; json?: true }) =>
      runCommand(options.json === true, async () => {
        if (!BITS.includes(options.bits)) throw new UsageError(`--bits is one of ${BITS.join(", ")}`);
        const files = await generateKeys(options.out, Number(options.bits));
        if (options.json) printJson({ ok: true, private_key: files.privateKey, public_key: files.publicKey });
        else {
          console.log(`${files.privateKey}  signs replies; it stays here (signing_key)`);
          console.log(`${files.publicKey}  goes to the node (pubkey_path)`);
        }
        return EXIT.done;
      }),
    );
}

/**
 * Writes an RSA key pair: the private key in PKCS#8, mode 0600, the public one as SPKI.
 *
 * @throws Error where either file exists already; then neither is touched.
 */
export async function generateKeys(
  directory: string,
  bits: number,
): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const files = {
    privateKey: join(directory, PRIVATE_KEY_FILE),
    publicKey: join(directory, PUBLIC_KEY_FILE),
  };
  await mkdir(directory, { recursive: true });
  const secret = await createFile(files.privateKey, 0o600);
  try {
    const shared = await createFile(files.publicKey, 0o644);
    try {
      const pair = await promisify(generateKeyPair)("rsa", {
        modulusLength: bits,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
      });
      await secret.writeFile(pair.privateKey);
      await shared.writeFile(pair.publicKey);
      await Promise.all([secret.sync(), shared.sync()]);
    } catch (error) {
      await rm(files.publicKey);
      throw error;
    } finally {
      await shared.close();
    }
  } catch (error) {
    await rm(files.privateKey);
    throw error;
  } finally {
    await secret.close();
  }
  return files;
}

async function createFile(file: string, mode: number) {
  try {
    return await open(file, "wx", mode);
  } catch (error) {
    if (codeOf(error) === "EEXIST") {
      throw new Error(`${file} exists already; keys are never overwritten`, { cause: error });
    }
    throw error;
  }
}
