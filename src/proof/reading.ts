/**
 * The work of the reading thread of `proof-aside.ts`: it unpacks one archive, checks it, and says what is in it, or what
 * refused it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { readRelease } from "../policy/read-release.ts";
import { ReleaseError } from "../policy/release.ts";
import { messageOf } from "../thrown.ts";
import { type FromReading, type ReadingOrder, refusedOf } from "./proof-protocol.ts";

const { archive, sha256, parsed }: ReadingOrder = workerData;

function post(message: FromReading): void {
  parentPort?.postMessage(message);
}

try {
  const release = await readRelease(archive, sha256, {
    unpacked: (runnable) => post({ type: "unpacked", runnable }),
    parsed: (provable) => parsed.postMessage(provable),
  });
  post({ type: "read", release });
} catch (thrown) {
  // An archive is to blame for whatever its reading throws.
  post(
    refusedOf(
      thrown instanceof ReleaseError ? thrown : new ReleaseError("archive", messageOf(thrown), thrown),
    ),
  );
}
