/**
 * Release archives: gzipped tar files, the form of an OPA bundle.
 *
 * The writer makes the same bytes from the same files, whatever machine, clock or Node it runs on. The reader
 * takes nothing on trust: every limit acts before what it limits is in memory.
 */
import { gunzipSync } from "node:zlib";
import { gzipSync } from "fflate";
import { extract, pack } from "tar-stream";
import { ReleaseError } from "./release.ts";

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
 *   files, or with a name that leads out of the archive.
 */
export async function readArchive(bytes: Uint8Array): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  return untar(unzip(bytes));
}

function refuse(message: string, cause?: unknown): never {
  throw new ReleaseError("archive", message, cause);
}

/** By Node's own zlib, which checks the sum at the end and stops a bomb at the limit. */
function unzip(bytes: Uint8Array): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: ARCHIVE_LIMITS.totalBytes });
  } catch (error) {
    if (error instanceof RangeError) refuse(`more than ${ARCHIVE_LIMITS.totalBytes} bytes unpacked`, error);
    refuse("not a gzip file, or damaged", error);
  }
}

async function untar(tar: Buffer): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const reader = extract();
  reader.end(tar);
  let total = 0;
  try {
    for await (const entry of reader) {
      const { name, type, size } = entry.header;
      checkEntry(name, type, size ?? 0, files);
      total += size ?? 0;
      if (total > ARCHIVE_LIMITS.totalBytes) refuse(`more than ${ARCHIVE_LIMITS.totalBytes} bytes of files`);
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
      files.set(name.startsWith("/") ? name : `/${name}`, new Uint8Array(Buffer.concat(chunks)));
    }
  } catch (error) {
    if (error instanceof ReleaseError) throw error;
    refuse("not a tar file, or damaged", error);
  }
  if (files.size === 0) refuse("has no files");
  return files;
}

function checkEntry(
  name: string,
  type: string | null | undefined,
  size: number,
  files: ReadonlyMap<string, unknown>,
): void {
  const shown = JSON.stringify(name.slice(0, 80));
  if (files.size >= ARCHIVE_LIMITS.entries) refuse(`more than ${ARCHIVE_LIMITS.entries} files`);
  if (type !== "file") refuse(`${shown} is no plain file`);
  if (Buffer.byteLength(name) > ARCHIVE_LIMITS.nameBytes) refuse(`the name ${shown}… is too long`);
  const path = name.replace(/^\//, "");
  const steps = path.split("/");
  if (steps.some((step) => step === "" || step === "." || step === "..") || /[\\\0]/.test(path)) {
    refuse(`${shown} is no name of a file inside the archive`);
  }
  if (files.has(`/${path}`)) refuse(`${shown} is there twice`);
  if (size > ARCHIVE_LIMITS.fileBytes) refuse(`${shown} is larger than ${ARCHIVE_LIMITS.fileBytes} bytes`);
}
