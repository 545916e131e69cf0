/** The thread behind `download.ts`: orders in, one after the other; files, or why there are none, out. */
import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";
import type { DownloadOrder, DownloadOutcome } from "./download.ts";
import { DownloadError } from "./download-body.ts";
import { requestFile } from "./download-request.ts";

async function download(order: DownloadOrder): Promise<DownloadOutcome> {
  const { url, settings, limit, timeoutMs, spentMs, validators: before } = order;
  try {
    const known = before === undefined ? undefined : { validators: before };
    const since = performance.now() - spentMs;
    const got = await requestFile(new URL(url), settings, { limit, timeoutMs, since, known });
    if (!("bytes" in got)) return { type: "known" };
    const { bytes, validators } = got;
    return { type: "file", bytes, sha256: createHash("sha256").update(bytes).digest("hex"), validators };
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    return { type: "error", message: error.message, status: error.status };
  }
}

parentPort?.on("message", async (order: DownloadOrder) => {
  const outcome = await download(order);
  parentPort?.postMessage(outcome, outcome.type === "file" ? [outcome.bytes.buffer] : []);
});
