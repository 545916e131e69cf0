/**
 * The anchor: a file of checkpoint statements outside of the database, one a line. A database that was cut, or
 * replaced by an older copy, ends before what the anchor says of it.
 *
 * A crash may tear its last line: a part of a statement at the end is no fault. Anything else is.
 */
import { constants } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "../thrown.ts";
import { type CheckpointStatement, readStatement } from "./checkpoint-statement.ts";
import { LedgerError } from "./ledger.ts";

export interface AnchorLine {
  /** As it stands there, with its signature. */
  readonly statement: string;
  readonly says: CheckpointStatement;
}

/**
 * @property lines - in their order.
 * @property size - bytes of whole lines: what follows them is torn.
 */
export interface Anchor {
  readonly lines: readonly AnchorLine[];
  readonly size: number;
}

/**
 * @param text - the file's content.
 * @throws LedgerError `LEDGER_CORRUPT` with the line that cannot be read.
 */
export function parseAnchor(text: string): Anchor {
  const parts = text.split("\n");
  const rest = parts.pop() ?? "";
  const lines = parts.map((statement, at): AnchorLine => {
    try {
      return { statement, says: readStatement(statement) };
    } catch (error) {
      throw new LedgerError("LEDGER_CORRUPT", `line ${at + 1} of the anchor cannot be read`, error);
    }
  });
  return { lines, size: Buffer.byteLength(text) - Buffer.byteLength(rest) };
}

/**
 * Reads an anchor's file.
 *
 * @returns undefined where there is none.
 * @throws LedgerError `LEDGER_UNAVAILABLE` where it cannot be read, `LEDGER_CORRUPT` as {@link parseAnchor}.
 */
export async function readAnchor(file: string): Promise<Anchor | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new LedgerError("LEDGER_UNAVAILABLE", "the anchor cannot be read", error);
  }
  return parseAnchor(text);
}

/**
 * The statements that hold today: what was stated before a `resumed` one was given up with it. The chain that was
 * accepted may have grown past them with other entries, and its own earlier ones are in the hash that was accepted.
 */
export function inForce(lines: readonly AnchorLine[]): readonly AnchorLine[] {
  return lines.slice(
    Math.max(
      0,
      lines.findLastIndex(({ says }) => says.resumed === true),
    ),
  );
}

/**
 * Appends lines to the anchor, each on the disk before the next. What a failed write left behind is overwritten
 * by the next one, so that no torn line ever stands before a whole one.
 */
export class AnchorWriter {
  readonly #handle: FileHandle;
  #size: number;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  /** @param size - of its whole lines: what follows is cut off. @throws the system's error */
  static async open(file: string, size: number): Promise<AnchorWriter> {
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      await handle.truncate(size);
      await handle.sync();
      await syncFolder(dirname(file));
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new AnchorWriter(handle, size);
  }

  /** @throws the system's error; the line may then be tried again. */
  async append(statement: string): Promise<void> {
    const line = Buffer.from(`${statement}\n`);
    await this.#handle.truncate(this.#size);
    let written = 0;
    while (written < line.length) {
      const { bytesWritten } = await this.#handle.write(
        line,
        written,
        line.length - written,
        this.#size + written,
      );
      written += bytesWritten;
    }
    await this.#handle.sync();
    this.#size += line.length;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** A new file's name is on the disk only when its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}
