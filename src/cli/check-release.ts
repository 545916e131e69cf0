/**
 * `check`: the release goes through every step of going live, up to the gate and the swap, and a candidate through those
 * before it judges in the shadow.
 */
import type { Config } from "../config.ts";
import { AbsentReleaseError, ReleaseError } from "../policy/release.ts";
import { PolicySource } from "../policy/source.ts";
import { placeOf, shownPlace } from "../release-place.ts";
import { messageOf } from "../thrown.ts";
import type { Finding } from "./finding.ts";
import { prepareTrial, type Trial } from "./release-trial.ts";

export async function checkRelease(config: Config): Promise<Finding[]> {
  const { release, poll, fetch } = config.policy;
  let trial: Trial;
  try {
    trial = await prepareTrial(config, shownPlace(release));
  } catch (error) {
    return [{ severity: "error", path: "policy.trust", message: messageOf(error) }];
  }
  const { live, activation, problems } = trial;
  const source = new PolicySource({
    place: placeOf(release, fetch),
    pollMs: poll,
    live,
    taker: activation,
  });
  try {
    const { error } = await source.checkNow();
    const findings: Finding[] = problems.map(({ message }) => ({
      severity: "warning",
      path: "state_dir",
      message,
    }));
    if (error !== undefined) {
      findings.push({ severity: "error", path: "policy.release", message: error });
      return findings;
    }
    const { modes = {}, approve_unverified } = live.current?.hostData ?? {};
    const warn = (message: string): void => {
      findings.push({ severity: "warning", path: "policy.release", message });
    };
    const aged = live.current?.age.warningAt(Date.now());
    if (aged !== undefined) warn(aged.message);
    if (approve_unverified === true)
      warn("approve_unverified: transactions are approved by their description");
    for (const [rule, mode] of Object.entries(modes)) {
      if (mode !== "enforce") warn(`${rule} is not enforced (${mode})`);
    }
    return findings;
  } finally {
    await source.close();
    await live.close();
  }
}

/** What keeps a candidate from judging. One that does not lie there is none. */
export async function checkCandidate(config: Config): Promise<Finding[]> {
  const { candidate, fetch } = config.policy;
  if (candidate === undefined) return [];
  const place = placeOf(candidate, fetch);
  try {
    const { activation } = await prepareTrial(config, shownPlace(candidate));
    const { admission } = activation;
    const sight = await place.look(activation, {});
    const given = await sight.read();
    const admitted = await admission.admit(given);
    const proven = await admission.prove(given, admitted, { source: shownPlace(candidate), aside: false });
    await proven.engine.close();
    return [];
  } catch (error) {
    if (!(error instanceof ReleaseError) || error instanceof AbsentReleaseError) return [];
    return [{ severity: "warning", path: "policy.candidate", message: `${error.step}: ${error.message}` }];
  } finally {
    place.close();
  }
}
