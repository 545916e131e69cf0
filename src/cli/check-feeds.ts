/** `check`: whether lists and prices can be read, and whether a list is signed as it must be. Nobody knows here which prices were accepted before. */
import type { Config } from "../config.ts";
import { problemOf } from "../feeds/feed-error.ts";
import { readPrices } from "../feeds/price-file.ts";
import { readList } from "../feeds/read-list.ts";
import { timeText } from "../policy/age.ts";
import { listPlaceOf, shownPlace } from "../release-place.ts";
import type { SignedListConfig } from "../release-trust.ts";
import { messageOf } from "../thrown.ts";
import type { Finding } from "./finding.ts";
import { type ListTrial, openListTrial } from "./list-trial.ts";

export async function checkFeeds(config: Config): Promise<Finding[]> {
  const { lists = {}, prices, policy } = config;
  const findings: Finding[] = [];
  const isSigned = typeof policy.trust === "object" && "keys" in policy.trust;
  for (const [name, list] of Object.entries(lists)) {
    if (typeof list === "string") findings.push(...(await checkUnsigned(name, list, isSigned)));
    else findings.push(...(await checkSigned(config, name, list)));
  }
  if (prices !== undefined) findings.push(...(await checkPrices(prices)));
  return findings;
}

/** @param isSigned - whether releases are: then whoever writes this file has a say without any key. */
async function checkUnsigned(name: string, file: string, isSigned: boolean): Promise<Finding[]> {
  const path = `lists.${name}`;
  const unsigned: Finding[] = isSigned
    ? [{ severity: "warning", path, message: `unsigned: whoever can write ${file} says who is on the list` }]
    : [];
  try {
    const { memory } = await readList(file);
    return [...unsigned, ...emptiness(path, file, memory.entries)];
  } catch (error) {
    return [...unsigned, { severity: "error", path, message: `${file}: ${problemOf(error)}` }];
  }
}

/** The list goes through every step of coming into force. What no release reads yet is not wrong. */
async function checkSigned(config: Config, name: string, list: SignedListConfig): Promise<Finding[]> {
  const path = `lists.${name}`;
  let trial: ListTrial;
  try {
    trial = await openListTrial(config, name, list);
  } catch (error) {
    const message = messageOf(error);
    return [{ severity: "error", path: `${path}.trust`, message }];
  }
  const source = shownPlace(list.source);
  const { refusal, inForce, problems } = await trial.offer(listPlaceOf(list));
  const findings: Finding[] = problems.map(({ message }) => ({
    severity: "warning",
    path: "state_dir",
    message,
  }));
  if (refusal?.step === "unread") {
    return [...findings, { severity: "warning", path, message: `${refusal.message}: it is not in force` }];
  }
  if (refusal !== undefined) {
    return [
      ...findings,
      { severity: "error", path, message: `${source}: ${refusal.step}: ${refusal.message}` },
    ];
  }
  findings.push(...emptiness(path, source, inForce?.table.entries));
  if (inForce?.age.nearingAt(Date.now()) === "expires") {
    const message = `the list expires at ${timeText(inForce.age.expiresAt)}: sign it anew before`;
    findings.push({ severity: "warning", path, message });
  }
  return findings;
}

function emptiness(path: string, source: string, entries: number | undefined): Finding[] {
  if (entries !== 0) return [];
  return [{ severity: "warning", path, message: `${source}: empty: no address is on it` }];
}

async function checkPrices({ file, max_age }: NonNullable<Config["prices"]>): Promise<Finding[]> {
  const path = "prices.file";
  try {
    const findings: Finding[] = [];
    for (const [token, statement] of await readPrices(file)) {
      const problem = statement.ok ? ageProblem(statement.stated.at, max_age) : statement.problem;
      if (problem === undefined) continue;
      findings.push({ severity: "warning", path, message: `${file}: ${token} has no price: ${problem}` });
    }
    return findings;
  } catch (error) {
    return [{ severity: "error", path, message: `${file}: ${problemOf(error)}` }];
  }
}

function ageProblem(at: number, maxAgeMs: number): string | undefined {
  return Date.now() - at > maxAgeMs ? "it is stale" : undefined;
}
