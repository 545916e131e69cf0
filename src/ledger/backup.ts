/**
 * A copy of the ledger that stands by itself: one file without a log beside it, taken while a server may write,
 * verified before it gets its name. Anchor and public key lie beside it, as `FILE.anchor` and `FILE.pub`.
 */
import type { KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type Anchor, syncFolder } from "./anchor-file.ts";
import { LedgerError } from "./ledger.ts";
import { openToRead } from "./read-connection.ts";
import { type Verification, type VerifyOptions, verifyLedger } from "./verify.ts";

/** The files of a backup. */
export function backupFiles(file: string): { readonly anchor: string; readonly checkpointPub: string } {
  return { anchor: `${file}.anchor`, checkpointPub: `${file}.pub` };
}

/**
 * @param source - the ledger's file. @param target - the copy to make.
 * @param outside - read before the copy is made: what it states must be in it.
 * @returns what verifying the copy found; where that is not good, no copy is left.
 * @throws LedgerError `LEDGER_UNAVAILABLE` where a file of the backup is there already, or cannot be written.
 */
export async function backupLedger(
  source: string,
  target: string,
  outside: { readonly key: KeyObject | undefined; readonly anchor: Anchor | undefined },
  progress?: VerifyOptions["progress"],
): Promise<Verification> {
  const beside = backupFiles(target);
  for (const file of [target, beside.anchor, beside.checkpointPub]) {
    if (existsSync(file)) throw new LedgerError("LEDGER_UNAVAILABLE", `${file} is there already`);
  }
  const part = `${target}.${process.pid}.part`;
  try {
    await rm(part, { force: true });
    copy(source, part);
    const options = { ...outside, ...(progress === undefined ? {} : { progress }) };
    const verification = await verifyLedger(part, options);
    if (!verification.ok) return verification;
    await syncFile(part);
    const { anchor, key } = outside;
    const statements = anchor?.lines.map(({ statement }) => `${statement}\n`).join("");
    if (statements !== undefined) await writeNew(beside.anchor, statements);
    if (key !== undefined) {
      await writeNew(beside.checkpointPub, String(key.export({ type: "spki", format: "pem" })));
    }
    // The copy gets its name last, and takes no other file's: whoever sees it sees all of it.
    await link(part, target);
    await syncFolder(dirname(target));
    return verification;
  } finally {
    await rm(part, { force: true });
    await rm(`${part}-wal`, { force: true });
    await rm(`${part}-shm`, { force: true });
  }
}

function copy(source: string, part: string): void {
  const database = openToRead(source);
  try {
    // The only thing that this connection writes, and not to its own file.
    database.exec("PRAGMA query_only = OFF");
    database.prepare("VACUUM INTO ?").run(part);
  } catch (error) {
    throw new LedgerError("LEDGER_UNAVAILABLE", "the copy could not be written", error);
  } finally {
    database.close();
  }
}

async function writeNew(file: string, content: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
