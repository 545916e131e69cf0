/** The thread behind `download.ts`: orders in, one after the other; files, or why there are none, out. */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { messageOf } from "../thrown.ts";
import type { DownloadOrder, DownloadOutcome } from "./download.ts";
import { DownloadError, UnwrittenError } from "./download-body.ts";
import { requestFile } from "./download-request.ts";

const MODE = 0o600;

async function download(order: DownloadOrder): Promise<DownloadOutcome> {
  const { url, settings, limit, timeoutMs, spentMs, validators: before } = order;
  try {
    const known = before === undefined ? undefined : { validators: before };
    const since = performance.now() - spentMs;
    const options = { limit, timeoutMs, since, known };
    if (order.file !== undefined) return await downloadTo(order.file, order, options);
    const got = await requestFile(new URL(url), settings, options);
    if (!("bytes" in got)) return { type: "known" };
    const { bytes, validators } = got;
    return { type: "file", bytes, sha256: createHash("sha256").update(bytes).digest("hex"), validators };
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const isUnwritten = error instanceof UnwrittenError;
    return { type: "error", message: error.message, status: error.status, isUnwritten };
  }
}

/** Its bytes are never in memory together. It is on the disk when this resolves. */
async function downloadTo(
  file: string,
  { url, settings }: DownloadOrder,
  { limit, timeoutMs, since }: { limit: number; timeoutMs: number; since: number },
): Promise<DownloadOutcome> {
  const hash = createHash("sha256");
  const fd = written(() => openSync(file, "w", MODE));
  try {
    const sink = (chunk: Buffer): void => {
      hash.update(chunk);
      writeFileSync(fd, chunk);
    };
    const { bytes, validators } = await requestFile(new URL(url), settings, {
      limit,
      timeoutMs,
      since,
      sink,
    });
    written(() => fsyncSync(fd));
    return { type: "file", bytes, sha256: hash.digest("hex"), validators };
  } finally {
    closeSync(fd);
  }
}

function written<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    const why = messageOf(error);
    throw new UnwrittenError(`it can't be written: ${why}`, undefined, error);
  }
}

parentPort?.on("message", async (order: DownloadOrder) => {
  const outcome = await download(order);
  parentPort?.postMessage(outcome, outcome.type === "file" ? [outcome.bytes.buffer] : []);
});
