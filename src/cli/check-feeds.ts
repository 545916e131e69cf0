/** `check`: whether the files of lists and prices can be read. Nobody knows here what was accepted before. */
import type { Config } from "../config.ts";
import { problemOf } from "../feeds/feed-error.ts";
import { readPrices } from "../feeds/price-file.ts";
import { readList } from "../feeds/read-list.ts";
import type { Finding } from "./finding.ts";

export async function checkFeeds({ lists = {}, prices }: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, file] of Object.entries(lists)) findings.push(...(await checkList(name, file)));
  if (prices !== undefined) findings.push(...(await checkPrices(prices)));
  return findings;
}

async function checkList(name: string, file: string): Promise<Finding[]> {
  const path = `lists.${name}`;
  try {
    const { entries } = await readList(file);
    return entries > 0 ? [] : [{ severity: "warning", path, message: `${file}: empty: no address is on it` }];
  } catch (error) {
    return [{ severity: "error", path, message: `${file}: ${problemOf(error)}` }];
  }
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
