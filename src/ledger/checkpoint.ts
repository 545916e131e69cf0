/**
 * Checkpoints: signed statements of the chain's head. Their key is made at the first use and used for nothing
 * else; whoever has the public half can tell, a year later, that the ledger ended in this very entry then.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "../thrown.ts";
import { type Anchor, AnchorWriter, isMissing, readAnchor, syncFolder } from "./anchor-file.ts";
import { STATEMENT_TYPE, signStatement, verifyStatement } from "./checkpoint-statement.ts";
import { type LedgerFiles, ledgerFiles } from "./files.ts";
import { LedgerError } from "./ledger.ts";

export interface Checkpoints {
  /** What the anchor's last statement says: the chain must have this entry, with this hash. */
  readonly anchored: { readonly seq: number; readonly hash: string } | undefined;
  /**
   * @param hash - of entry `seq`, hex. @param at - milliseconds since the epoch.
   * @param resumed - an operator took a chain that ends before the anchor for the right one.
   */
  sign(seq: number, hash: string, at: number, resumed?: true): string;
  /**
   * Appends a statement to the anchor; it is on the disk when this resolves. One after the other.
   *
   * @throws LedgerError `LEDGER_UNAVAILABLE`, `LEDGER_FULL`: the statement may be published again.
   */
  publish(statement: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens key and anchor of a `state_dir`, which exists; both are made where they are missing. A torn last line of
 * the anchor is cut off.
 *
 * @throws LedgerError `LEDGER_UNAVAILABLE` where a file cannot be used, `LEDGER_CORRUPT` where one is not what it
 *   should be: an anchor line that cannot be read, one of another key, a key that is gone while its anchor is there.
 */
export async function openCheckpoints(stateDir: string): Promise<Checkpoints> {
  const files = ledgerFiles(stateDir);
  const anchor = await readAnchor(files.anchor);
  const key = await keyOf(files, anchor);
  const last = anchor?.lines.at(-1);
  if (last !== undefined) verifyStatement(last.statement, createPublicKey(key));
  const writer = await AnchorWriter.open(files.anchor, anchor?.size ?? 0).catch((error: unknown) => {
    throw new LedgerError("LEDGER_UNAVAILABLE", "the anchor cannot be written", error);
  });
  let anchored = last === undefined ? undefined : { seq: last.says.seq, hash: last.says.hash };
  let before: Promise<void> = Promise.resolve();

  async function append(statement: string): Promise<void> {
    const { seq, hash } = verifyStatement(statement, createPublicKey(key));
    try {
      await writer.append(statement);
    } catch (error) {
      const full = codeOf(error) === "ENOSPC";
      throw new LedgerError(
        full ? "LEDGER_FULL" : "LEDGER_UNAVAILABLE",
        "the anchor cannot be written",
        error,
      );
    }
    anchored = { seq, hash };
  }

  return {
    get anchored() {
      return anchored;
    },
    sign(seq, hash, at, resumed) {
      const says = {
        type: STATEMENT_TYPE,
        seq,
        hash,
        at,
        ...(resumed === undefined ? {} : { resumed }),
      } as const;
      return signStatement(says, key);
    },
    publish(statement) {
      const done = before.then(() => append(statement));
      before = done.catch(() => {});
      return done;
    },
    async close() {
      await before;
      await writer.close();
    },
  };
}

async function keyOf(files: LedgerFiles, anchor: Anchor | undefined): Promise<KeyObject> {
  const pem = await readOrAbsent(files.checkpointKey);
  if (pem === undefined && anchor !== undefined && anchor.lines.length > 0) {
    throw new LedgerError("LEDGER_CORRUPT", "the checkpoint key is gone, but not the anchor that it signed");
  }
  const key = pem === undefined ? await makeKey(files.checkpointKey) : parseKey(pem);
  const publicPem = String(createPublicKey(key).export({ type: "spki", format: "pem" }));
  const stated = await readOrAbsent(files.checkpointPub);
  if (stated === undefined) await writeWhole(files.checkpointPub, publicPem, 0o644);
  else if (stated.trim() !== publicPem.trim()) {
    throw new LedgerError("LEDGER_CORRUPT", "checkpoint.pub is not the public half of checkpoint.key");
  }
  return key;
}

function parseKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {}
  throw new LedgerError("LEDGER_CORRUPT", "checkpoint.key is no Ed25519 key");
}

async function makeKey(file: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync("ed25519");
  await writeWhole(file, String(privateKey.export({ type: "pkcs8", format: "pem" })), 0o600);
  return privateKey;
}

async function readOrAbsent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new LedgerError("LEDGER_UNAVAILABLE", "the checkpoint key cannot be read", error);
  }
}

/** All or nothing, and on the disk. */
async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const part = `${file}.part`;
  try {
    const handle = await open(part, "w", mode);
    try {
      await handle.chmod(mode);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
    await syncFolder(dirname(file));
  } catch (error) {
    throw new LedgerError("LEDGER_UNAVAILABLE", "the checkpoint key cannot be written", error);
  }
}
