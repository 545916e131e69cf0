/** The ledger that a config file means, for commands that read its files themselves. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { loadConfig } from "../config.ts";
import { type Anchor, isMissing, parseAnchor, readAnchor } from "../ledger/anchor-file.ts";
import { backupFiles } from "../ledger/backup.ts";
import { ledgerFiles } from "../ledger/files.ts";
import { readGiven } from "./given-file.ts";
import { UsageError } from "./output.ts";

/** @property copy - another file to read instead, such as a backup, with what lies beside it. */
export interface LedgerOptions {
  readonly config: string;
  readonly anchor?: string | undefined;
  readonly copy?: string | undefined;
}

export interface LedgerSource {
  readonly file: string;
  readonly anchor: Anchor | undefined;
  readonly key: KeyObject | undefined;
}

/**
 * Anchor and key are read here, before the ledger is: what they state must be in it.
 *
 * @throws UsageError where there is no ledger, or a file that was named cannot be read.
 * @throws LedgerError where anchor or key is not what it should be.
 */
export async function ledgerSource({ config, anchor, copy }: LedgerOptions): Promise<LedgerSource> {
  const files = ledgerFiles((await loadConfig(config)).state_dir);
  const beside = copy === undefined ? files : { ...files, database: copy, ...backupFiles(copy) };
  if (!existsSync(beside.database)) throw new UsageError(`${beside.database}: there is no ledger`);
  return {
    file: beside.database,
    anchor:
      anchor === undefined ? await readAnchor(beside.anchor) : parseAnchor(String(await readGiven(anchor))),
    key: await publicKey(beside.checkpointPub),
  };
}

async function publicKey(file: string): Promise<KeyObject | undefined> {
  let pem: string;
  try {
    pem = await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {}
  throw new Error(`${file}: no Ed25519 public key`);
}
