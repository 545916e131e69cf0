/** `check`: the release goes through every step of going live, up to the swap. */
import type { Config } from "../config.ts";
import { LivePolicy } from "../policy/live.ts";
import { PolicySource } from "../policy/source.ts";
import type { Finding } from "./finding.ts";

export async function checkRelease(config: Config): Promise<Finding[]> {
  const { release: path, trust, poll } = config.policy;
  const live = new LivePolicy();
  const source = new PolicySource({
    path,
    pollMs: poll,
    live,
    trust,
    evaluationMs: config.limits.evaluation,
    buildFolder: async (folder) => {
      const { buildRelease } = await import("../policy/build/build.ts");
      return (await buildRelease(folder)).bytes;
    },
  });
  try {
    const { error } = await source.checkNow();
    if (error !== undefined) return [{ severity: "error", path: "policy.release", message: error }];
    const { modes = {}, approve_unverified } = live.current?.hostData ?? {};
    const findings: Finding[] = [];
    const warn = (message: string): void => {
      findings.push({ severity: "warning", path: "policy.release", message });
    };
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
