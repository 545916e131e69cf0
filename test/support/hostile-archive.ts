/** For the tests: archives by hand, with everything wrong with them that a publisher can do. */
import { buffer } from "node:stream/consumers";
import { createGzip, gzipSync } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { readArchive } from "../../src/policy/archive.ts";

/** @property content - absent: nothing, or what `header.size` says of zeros. */
export interface Entry {
  readonly header: Parameters<Pack["entry"]>[0];
  readonly content?: Uint8Array;
}

/** A tar file of these entries, as they are. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const packed = pack();
  for (const { header, content = new Uint8Array() } of entries) packed.entry(header, Buffer.from(content));
  packed.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packed as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export const zipped = (bytes: Uint8Array): Buffer => gzipSync(bytes, { level: 1 });

/** What is read of a release, by name: changes go over it, `undefined` leaves a file out. */
export type Files = Readonly<Record<string, string | Uint8Array | undefined>>;

export class HostileArchive {
  readonly #files: ReadonlyMap<string, Uint8Array>;

  private constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files;
  }

  /** Made from a good one. */
  static async from(good: Uint8Array): Promise<HostileArchive> {
    return new HostileArchive(await readArchive(good));
  }

  text(name: string): string {
    return Buffer.from(this.#files.get(name) ?? []).toString();
  }

  entries(changes: Files = {}): readonly Entry[] {
    const all = new Map<string, string | Uint8Array | undefined>([
      ...this.#files,
      ...Object.entries(changes),
    ]);
    return [...all].flatMap(([name, content]) =>
      content === undefined ? [] : [{ header: { name }, content: Buffer.from(content) }],
    );
  }

  /** With other contents. */
  async with(changes: Files): Promise<Buffer> {
    return zipped(await tarOf(this.entries(changes)));
  }

  /** With entries besides its own. */
  async and(...others: readonly Entry[]): Promise<Buffer> {
    return zipped(await tarOf([...this.entries(), ...others]));
  }
}

/** So many megabytes of spaces in a gzip file, after a beginning, and never all of them in memory. */
export async function bombOf(megabytes: number, beginning: Uint8Array = new Uint8Array()): Promise<Buffer> {
  const zip = createGzip({ level: 1 });
  const bytes = buffer(zip);
  const spaces = Buffer.alloc(2 ** 20, 0x20);
  zip.write(beginning);
  for (let written = 0; written < megabytes; written += 1) {
    await new Promise((resolve) => zip.write(spaces, resolve));
  }
  zip.end();
  return await bytes;
}

const BLOCK = 512;
const NAME_DIGITS = 6;

/** Headers of so many empty files, each with a name of its own. */
export async function emptyFiles(count: number): Promise<Buffer> {
  const prefix = "/rules/";
  const [header] = [await tarOf([{ header: { name: `${prefix}${"0".repeat(NAME_DIGITS)}` } }])];
  const all = Buffer.alloc(count * BLOCK);
  for (let at = 0; at < count; at += 1) {
    header.copy(all, at * BLOCK, 0, BLOCK);
    all.write(String(at).padStart(NAME_DIGITS, "0"), at * BLOCK + prefix.length, "latin1");
    // The sum of all bytes, with spaces where it stands itself.
    all.write("        ", at * BLOCK + 148, "latin1");
    let sum = 0;
    for (const byte of all.subarray(at * BLOCK, (at + 1) * BLOCK)) sum += byte;
    all.write(`${sum.toString(8).padStart(6, "0")}\0 `, at * BLOCK + 148, "latin1");
  }
  return all;
}
