import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { pack } from "tar-stream";
import { expect, test } from "vitest";
import { ARCHIVE_LIMITS, readArchive, writeArchive } from "./archive.ts";
import { ReleaseError } from "./release.ts";

interface Entry {
  readonly name: string;
  readonly type?: "file" | "symlink" | "link" | "directory" | "character-device";
  readonly content?: Uint8Array;
  readonly linkname?: string;
}

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const packed = pack();
  for (const { name, type = "file", content = new Uint8Array(), linkname } of entries) {
    packed.entry({ name, type, ...(linkname === undefined ? {} : { linkname }) }, Buffer.from(content));
  }
  packed.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packed as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function refusal(bytes: Uint8Array): Promise<ReleaseError> {
  const error = await readArchive(bytes).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ReleaseError)) throw new Error(`not refused: ${String(error)}`);
  expect(error.step).toBe("archive");
  return error;
}

const SMALL: Entry = { name: "/a", content: new Uint8Array([1]) };

test.each<[string, readonly Entry[]]>([
  ["a symbolic link", [{ name: "/a", type: "symlink", linkname: "/etc/passwd" }]],
  ["a hard link", [SMALL, { name: "/b", type: "link", linkname: "/a" }]],
  ["a folder", [{ name: "/a/", type: "directory" }]],
  ["a device", [{ name: "/a", type: "character-device" }]],
  ["a way out", [{ name: "/../a" }]],
  ["a way out without a slash", [{ name: "../a" }]],
  ["a way out in the middle", [{ name: "/a/../../b" }]],
  ["a second slash", [{ name: "//etc/passwd" }]],
  ["a backslash", [{ name: "/a\\b" }]],
  ["this folder", [{ name: "./a" }]],
  ["a name twice", [SMALL, SMALL]],
  ["a name twice, once without a slash", [SMALL, { name: "a" }]],
  ["a name twice, once in capitals", [SMALL, { name: "/A" }]],
  ["a name twice, in two spellings of Unicode", [{ name: "/\u00e9" }, { name: "/e\u0301" }]],
  ["a long name", [{ name: `/${"a".repeat(ARCHIVE_LIMITS.nameBytes + 1)}` }]],
  ["too many files", Array.from({ length: ARCHIVE_LIMITS.entries + 1 }, (_, at) => ({ name: `/${at}` }))],
  ["no files", []],
])("refuses %s", async (_, entries) => {
  await refusal(gzipSync(await tar(entries)));
});

const BLOCK = 512;

test("refuses what other tools don't show", async () => {
  const good = await tar([SMALL, { name: "/b", content: new Uint8Array(700) }]);
  const [head, rest] = [good.subarray(0, 2 * BLOCK), good.subarray(2 * BLOCK)];
  const hidden = await tar([{ name: "/hidden" }]);
  const expectRefused = async (bytes: Uint8Array, why: RegExp) =>
    expect((await refusal(bytes)).message).toMatch(why);
  await expectRefused(
    gzipSync(Buffer.concat([head, Buffer.alloc(2 * BLOCK), rest])),
    /lies after the archive's end/,
  );
  await expectRefused(gzipSync(Buffer.concat([good, hidden])), /lies after the archive's end/);
  await expectRefused(
    gzipSync(Buffer.concat([good, Buffer.from("more".repeat(128))])),
    /damaged|bytes after/,
  );
  await expectRefused(Buffer.concat([gzipSync(head), gzipSync(rest)]), /more than one gzip member/);
  await expectRefused(
    Buffer.concat([gzipSync(good), Buffer.from("more")]),
    /more than one gzip member|damaged/,
  );
  await expectRefused(
    Buffer.concat([gzipSync(good), gzipSync(Buffer.alloc(BLOCK))]),
    /more than one gzip member/,
  );
});

test("refuses a size that is negative, endless or no number", async () => {
  const good = await tar([{ name: "/a", content: new Uint8Array(10) }]);
  for (const size of [
    "77777777777\0",
    "-0000000001\0",
    "zzzzzzzzzzz\0",
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xf0",
  ]) {
    const bad = Buffer.from(good);
    bad.write(size, 124, "latin1");
    bad.write("        ", 148, "latin1");
    const sum = bad.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0);
    bad.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    await refusal(gzipSync(bad));
  }
});

test("refuses a file that is too large, without unpacking the rest", async () => {
  const content = new Uint8Array(ARCHIVE_LIMITS.fileBytes + 1);
  expect((await refusal(gzipSync(await tar([{ name: "/a", content }])))).message).toMatch(/larger than/);
});

test("refuses a bomb at the limit", async () => {
  const bomb = gzipSync(Buffer.alloc(ARCHIVE_LIMITS.totalBytes + 1024 * 1024));
  const before = process.memoryUsage().rss;
  expect((await refusal(bomb)).message).toMatch(/unpacked/);
  expect(process.memoryUsage().rss - before).toBeLessThan(4 * ARCHIVE_LIMITS.totalBytes);
});

test("refuses what is damaged", async () => {
  const good = await writeArchive(new Map([["/a", new Uint8Array(1000).fill(7)]]));
  await refusal(new Uint8Array());
  await refusal(new TextEncoder().encode("no archive at all"));
  await refusal(good.subarray(0, good.length - 20));
  await refusal(gzipSync(Buffer.from("no tar file at all".repeat(100))));
  const unpacked = gunzipSync(good);
  unpacked.writeUInt8(unpacked.readUInt8(0) ^ 1, 0);
  await refusal(gzipSync(unpacked));
  await refusal(gzipSync(gunzipSync(good).subarray(0, 700)));
});

test("any flipped byte is refused, or changes nothing that is read", async () => {
  const files = new Map([["/a", new TextEncoder().encode("some text in it")]]);
  const good = await writeArchive(files);
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const bad = good.slice();
      bad[at] = (bad[at] ?? 0) ^ flip;
      const read = await readArchive(bad).catch((error: unknown) => {
        expect(error).toBeInstanceOf(ReleaseError);
        return undefined;
      });
      if (read !== undefined) expect(read).toEqual(files);
    }),
  );
});

test("gives back what was written, whatever the order", async () => {
  const files = fc.dictionary(fc.stringMatching(/^\/[a-z]{1,8}(\/[a-z.]{1,4}[a-z])?$/), fc.uint8Array());
  await fc.assert(
    fc.asyncProperty(files, async (record) => {
      const entries = Object.entries(record);
      if (entries.length === 0) return;
      const bytes = await writeArchive(new Map(entries));
      expect(await writeArchive(new Map(entries.toReversed()))).toEqual(bytes);
      expect(new Map(await readArchive(bytes))).toEqual(
        new Map(entries.map(([name, content]) => [name, new Uint8Array(content)])),
      );
    }),
  );
});
