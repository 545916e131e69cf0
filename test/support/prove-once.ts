/** For the tests that activate the same release again and again, and are about something else than its proof. */
import type { LiveRelease } from "../../src/policy/live.ts";
import type { Prover } from "../../src/policy/prover.ts";
import { proverOf } from "../../src/proof/prove.ts";

const prover = proverOf();
/** Digests of archives. */
const proven = new Set<string>();

async function once({ identity }: LiveRelease, prove: () => Promise<void>): Promise<void> {
  if (proven.has(identity.sha256)) return;
  await prove();
  proven.add(identity.sha256);
}

/** All that any release has to show, once for the same bytes; what fails is asked each time. */
export const proveOnce: Prover = {
  prepare: (hostData) => (candidate, cases) =>
    once(candidate, () => prover.prepare(hostData)(candidate, cases)),
  aside(archive, sha256, ...how) {
    const proof = prover.aside(archive, sha256, ...how);
    return {
      release: proof.release,
      prove: (candidate, cases) => once(candidate, () => proof.prove(candidate, cases)),
      end: () => proof.end(),
    };
  },
};
