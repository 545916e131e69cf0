/**
 * Release archives: gzipped tar files, the form of an OPA bundle.
 *
 * The writer makes the same bytes from the same files, whatever machine, clock or Node it runs on. The reader
 * takes nothing on trust: every limit acts before what it limits is in memory.
 */
import { gunzipSync } from "node:zlib";
import { gzipSync } from "fflate";
import { extract, pack } from "tar-stream";
import { z } from "zod";
import { ReleaseError } from "./release.ts";

/** Of tar. */
const BLOCK = 512;

export const ARCHIVE_LIMITS = {
  entries: 2000,
  nameBytes: 512,
  fileBytes: 32 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
} as const;

/**
 * @param files - content by name; names begin with `/`, as OPA writes them.
 * @returns the archive; its entries are sorted by name.
 */
export async function writeArchive(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const tar = pack();
  const epoch = new Date(0);
  const names = [...files.keys()].sort();
  for (const name of names) {
    const content = files.get(name) ?? new Uint8Array();
    tar.entry({ name, mode: 0o644, uid: 0, gid: 0, mtime: epoch, type: "file" }, Buffer.from(content));
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return new Uint8Array(gzipSync(Buffer.concat(chunks), { mtime: 0, level: 9 }));
}

/**
 * Unpacks an archive.
 *
 * @returns content by name, each beginning with `/`.
 * @throws {ReleaseError} step `archive`: damaged, over a limit, with a name twice, with anything but plain
 *   files, with a name that leads out of the archive, or with more in it than other tools would show.
 */
export async function readArchive(bytes: Uint8Array): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  return untar(unzip(bytes));
}

function refuse(message: string, cause?: unknown): never {
  throw new ReleaseError("archive", message, cause);
}

/** By Node's own zlib, which checks the sum at the end and stops a bomb at the limit. */
function unzip(bytes: Uint8Array): Buffer {
  let tar: Buffer;
  let read: number;
  try {
    const options = { maxOutputLength: ARCHIVE_LIMITS.totalBytes, info: true } as const;
    ({ buffer: tar, read } = unzippedSchema.parse(gunzipSync(bytes, options)));
  } catch (error) {
    if (error instanceof RangeError) refuse(`more than ${ARCHIVE_LIMITS.totalBytes} bytes unpacked`, error);
    refuse("not a gzip file, or damaged", error);
  }
  // Other tools stop after the first member, or read on: what people looked at must be what is read here.
  const stated = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true);
  if (read !== bytes.length || stated !== tar.length) refuse("more than one gzip member, or bytes after it");
  return tar;
}

/** With `info`, which Node documents and its types leave out. */
const unzippedSchema = z
  .object({ buffer: z.instanceof(Buffer), engine: z.object({ bytesWritten: z.number() }) })
  .transform(({ buffer, engine }) => ({ buffer, read: engine.bytesWritten }));

/** Where a file begins in the tar: its types leave that out. */
const placedSchema = z.object({ byteOffset: z.int().min(0) });

async function untar(tar: Buffer): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const folded = new Set<string>();
  const reader = extract();
  reader.end(tar);
  let end = 0;
  try {
    for await (const entry of reader) {
      const { name, type, size = 0 } = entry.header;
      const { byteOffset } = placedSchema.parse(entry.header);
      assertEntry(name, type, size, files.size);
      const path = pathOf(name);
      // On some disks two such names are one file.
      const same = path.normalize("NFKC").toLowerCase();
      if (folded.has(same)) refuse(`${shown(name)} is there twice`);
      folded.add(same);
      assertHeaders(tar.subarray(end, byteOffset), name);
      end = byteOffset + Math.ceil(size / BLOCK) * BLOCK;
      if (end > tar.length) refuse("not a tar file, or damaged");
      files.set(path, new Uint8Array(tar.subarray(byteOffset, byteOffset + size)));
      entry.resume();
    }
  } catch (error) {
    if (error instanceof ReleaseError) throw error;
    refuse("not a tar file, or damaged", error);
  }
  if (files.size === 0) refuse("has no files");
  if (!isZero(tar.subarray(end))) refuse("bytes after the last file");
  return files;
}

function assertEntry(name: string, type: string | null | undefined, size: number, before: number): void {
  if (before >= ARCHIVE_LIMITS.entries) refuse(`more than ${ARCHIVE_LIMITS.entries} files`);
  if (type !== "file") refuse(`${shown(name)} is no plain file`);
  if (Buffer.byteLength(name) > ARCHIVE_LIMITS.nameBytes) refuse(`the name ${shown(name)}… is too long`);
  if (size > ARCHIVE_LIMITS.fileBytes) {
    refuse(`${shown(name)} is larger than ${ARCHIVE_LIMITS.fileBytes} bytes`);
  }
}

/** The name as all that read the archive know it, with `/` in front. */
function pathOf(name: string): string {
  const path = name.replace(/^\//, "");
  const steps = path.split("/");
  if (steps.some((step) => step === "" || step === "." || step === "..") || /[\\\0]/.test(path)) {
    refuse(`${shown(name)} is no name of a file inside the archive`);
  }
  return `/${path}`;
}

/**
 * What lies between the end of a file and the beginning of the next one. A block of zeros ends the archive for other
 * tools: what comes after it nobody has seen who looked with them.
 */
function assertHeaders(headers: Buffer, name: string): void {
  for (let at = 0; at < headers.length; at += BLOCK) {
    if (isZero(headers.subarray(at, at + BLOCK))) refuse(`${shown(name)} lies after the archive's end`);
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
