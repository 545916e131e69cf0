import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { etagOf, ReleaseHost } from "../../test/support/release-host.ts";
import { DownloadError, Downloader, UnwrittenError } from "./download.ts";

let host: ReleaseHost;
beforeAll(async () => {
  host = await ReleaseHost.start();
});
afterAll(() => host.close());

const TIME = { limit: 100_000, timeoutMs: 20_000 };

function downloader(): Downloader {
  const made = new Downloader();
  onTestFinished(() => made.close());
  return made;
}

describe("into a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "download-into-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "file");

  test("too much is refused, and where it can't be written that is told from what the host does", async () => {
    host.put("/file", Buffer.alloc(100_001));
    const made = downloader();
    const url = new URL(host.url("/file"));
    await expect(made.getInto(file, url, TIME)).rejects.toThrow("100001 bytes, at most 100000");
    host.answer("/file", (response) => {
      response.write(Buffer.alloc(100_001));
      response.end();
    });
    await expect(made.getInto(file, url, TIME)).rejects.toThrow("more than 100000 bytes");
    await expect(made.getInto(join(folder, "no/file"), url, TIME)).rejects.toThrow(UnwrittenError);
    host.put("/file", Buffer.from("content"));
    await expect(made.getInto("/dev/full", url, TIME)).rejects.toThrow(UnwrittenError);
    await expect(made.getInto("/dev/full", url, TIME)).rejects.toThrow(/can't be written: ENOSPC/);
  });

  test("of 200 MB, little is ever in memory, in whatever length it comes", async () => {
    const piece = Buffer.alloc(1 << 20, 0x61);
    host.answer("/file", async (response) => {
      for (let sent = 0; sent < 200; sent += 1) {
        if (!response.write(piece)) await new Promise((resolve) => response.once("drain", resolve));
      }
      response.end();
    });
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 10);
    onTestFinished(() => clearInterval(watch));
    const limit = 1 << 28;
    const digest = await downloader().getInto(file, new URL(host.url("/file")), { ...TIME, limit });
    const content = createHash("sha256");
    for (let sent = 0; sent < 200; sent += 1) content.update(piece);
    expect(digest).toBe(content.digest("hex"));
    expect(statSync(file).size).toBe(200 << 20);
    expect(most - before).toBeLessThan(150_000_000);
  });
});

describe("in a thread", () => {
  test("what is no file is refused as without one", async () => {
    const got = downloader().get(new URL(host.url("/nothing?key=hidden")), TIME);
    await expect(got).rejects.toThrow(`${host.url("/nothing")}?…: status 404`);
    await expect(got).rejects.toMatchObject({ status: 404 });
  });

  test("a time that is over already, or nearly", async () => {
    host.answer("/silent", () => {});
    const since = performance.now() - 60_000;
    const got = downloader().get(new URL(host.url("/silent")), { ...TIME, timeoutMs: 60_200, since });
    await expect(got).rejects.toThrow("/silent: not there whole within 60200 ms");
  });

  test("what is under way ends with the server, and nothing begins after it", async () => {
    host.answer("/silent", () => {});
    const made = downloader();
    const url = new URL(host.url("/silent"));
    const [first, second] = [made.get(url, TIME), made.get(url, TIME)];
    setTimeout(() => made.close(), 300);
    for (const got of [first, second, made.get(url, TIME)]) {
      await expect(got).rejects.toThrow(new DownloadError("the server stops"));
    }
  });

  test("a file comes with its digest, and what is known is given back; one after the other, also after a failure", async () => {
    const content = Buffer.from("content");
    const [sha256, etag] = [createHash("sha256").update(content).digest("hex"), etagOf(content)];
    host.put("/file", content);
    const made = downloader();
    const url = new URL(host.url("/file"));
    const known = { validators: { etag }, mine: 1 };
    const [failed, file, same] = await Promise.allSettled([
      made.get(new URL(host.url("/nothing")), TIME),
      made.get(url, TIME),
      made.get(url, { ...TIME, known }),
    ]);
    expect(failed.status).toBe("rejected");
    expect(file).toEqual({ status: "fulfilled", value: { bytes: content, sha256, validators: { etag } } });
    expect(same.status === "fulfilled" && same.value).toBe(known);
    expect(host.mostAtOnce).toBe(1);
  });
});
