/** A release through every step of going live, up to the swap, as an installation would do it. Nothing is written. */
import type { Config } from "../config.ts";
import { highestOf, lastOf } from "../decisions/release-history.ts";
import { ledgerFiles } from "../ledger/files.ts";
import { Activation, type ReleaseHistory } from "../policy/activation.ts";
import { LivePolicy } from "../policy/live.ts";
import type { ReleaseError } from "../policy/release.ts";
import { ReleaseStore, releasesFolder } from "../policy/release-store.ts";
import { guardContextOf, proverOf } from "../proof/prove.ts";
import { loadTrust, trustOf } from "../release-trust.ts";
import { rowsOf } from "./ledger-rows.ts";

/** @property live - where it goes. @property problems - with what `state_dir` keeps of releases. */
export interface Trial {
  readonly live: LivePolicy;
  readonly activation: Activation;
  readonly problems: readonly ReleaseError[];
}

/**
 * @param path - where the release lies, for people.
 * @throws as {@link loadTrust}.
 */
export async function prepareTrial(config: Config, path: string): Promise<Trial> {
  const { policy, limits, state_dir } = config;
  const live = new LivePolicy();
  const problems: ReleaseError[] = [];
  const onProblem = (error: ReleaseError): void => void problems.push(error);
  const options = { confirmEveryMs: 0, failed: onProblem, isReadOnly: true };
  const isSigned = trustOf(policy) === "keys";
  const activation = new Activation({
    live,
    trust: await loadTrust(policy),
    store: isSigned ? await ReleaseStore.open(releasesFolder(state_dir), options) : undefined,
    history: historyIn(ledgerFiles(state_dir).database),
    now: Date.now,
    source: path,
    prover: proverOf(guardContextOf(config)),
    maxAgeMs: policy.max_age,
    evaluationMs: limits.evaluation,
    onProblem,
  });
  return { live, activation, problems };
}

function historyIn(file: string): ReleaseHistory {
  return {
    highest: (audience) => highestOf(rowsOf(file, "release"), audience),
    last: () => lastOf(rowsOf(file, "release")),
    record: async () => {},
  };
}
