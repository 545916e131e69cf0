import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { etagOf, ReleaseHost } from "../../test/support/release-host.ts";
import { DownloadError, Downloader } from "./download.ts";

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
