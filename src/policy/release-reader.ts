/**
 * Reading a release beside a server that answers: unpacking, parsing and checking the largest takes seconds,
 * which no request may wait for. A release that needs more memory than reading may take ends its thread, not
 * the server.
 */
import { answerOf, startThread } from "../thread.ts";
import { LateReleaseError, type Release, ReleaseError, type ReleaseStep } from "./release.ts";
import { toError } from "./wasm-instance.ts";

export interface ReadOrder {
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

export type ReadOutcome =
  | { readonly ok: true; readonly release: Release }
  | { readonly ok: false; readonly step: ReleaseStep; readonly message: string };

const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 2048 };
/** The largest takes seconds. One that takes this long would keep every later release from going live. */
const READ_MS = 60_000;

/**
 * As `readRelease`, in a thread of its own.
 *
 * @param limitMs - how long reading may take.
 * @throws {ReleaseError} as `readRelease`; step `archive` also where the thread fails or takes too long.
 */
export async function readReleaseAside(
  bytes: Uint8Array,
  sha256: string,
  limitMs = READ_MS,
): Promise<Release> {
  const workerData: ReadOrder = { bytes, sha256 };
  const worker = startThread("#release-reader-worker", {
    workerData,
    name: "release-reader",
    resourceLimits: RESOURCE_LIMITS,
  });
  try {
    const outcome = await answerOf<ReadOutcome>(worker, limitMs);
    if (outcome.ok) return outcome.release;
    throw new ReleaseError(outcome.step, outcome.message);
  } catch (error) {
    if (error instanceof ReleaseError) throw error;
    const message = `it could not be read: ${toError(error).message}`;
    throw isOutOfMemory(error)
      ? new ReleaseError("archive", message, error)
      : new LateReleaseError("archive", message, error);
  }
}

/** It needs more memory than any release; all else that ends the thread may be the machine's fault. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "code") === "ERR_WORKER_OUT_OF_MEMORY";
}
