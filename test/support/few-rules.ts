/**
 * For tests that are about the server and not about the rules: some of the shipped ones, and of the demo's data what
 * these read. Such a release starts in two thirds of the time, and its sources build in a fourth.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { buildRelease } from "../../src/policy/build/build.ts";
import { ROOT, withoutDailyLimits } from "./demo-data.ts";

const RULES = [
  ...["key/key_ceremony", "key/no_key_share_signing", "key/participants_allowlist"],
  ...["transfer/amount_cap", "transfer/daily_limit", "transfer/destination_allowlist", "transfer/evidence"],
  ...["transfer/ordinary_transfer", "transfer/sanctions", "transfer/token_known"],
  "transfer/transaction_type",
];
const TOKENS = ["ETH", "ETH_USDT", "SOL_USDC"];
const CHAINS = ["ETH", "SOL"];
/** Cases of other rules than these. */
const OTHER_CASES = ["nobody may take all USDT there is"];

const FOLDER = join(ROOT, "build/few-rules");

/** The source folder of `open`. */
export const FEW_RULES_SOURCE = join(FOLDER, "open");

/** Archives. The first two approve what the demo does, `open` without an end to what may be paid in a day; the third refuses all. */
export const FEW_RULES = {
  demo: join(FOLDER, "demo.tar.gz"),
  open: join(FOLDER, "open.tar.gz"),
  refusing: join(FOLDER, "refusing.tar.gz"),
};

const record = z.record(z.string(), z.unknown());
const dataSchema = z.looseObject({ tokens: record, chains: record, modes: record });
const casesSchema = z.looseObject({ cases: record });

/** Before all tests. */
export async function buildFewRules(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  const text = readFileSync(join(ROOT, "bundles/demo/data.yaml"), "utf8");
  const { tokens, chains, modes: _, ...rest } = dataSchema.parse(parse(text));
  const demo = { ...rest, tokens: only(TOKENS, tokens), chains: only(CHAINS, chains) };
  const data = {
    demo,
    open: withoutDailyLimits(demo),
    refusing: { ...demo, allowlist: {}, key_groups: {} },
  };
  for (const name of ["demo", "open", "refusing"] as const) {
    const source = join(FOLDER, name);
    copySources(source);
    writeFileSync(
      join(source, "data.yaml"),
      stringify(data[name], { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" }),
    );
    writeFileSync(FEW_RULES[name], (await buildRelease(source)).bytes);
  }
}

/** Rules without their tests, which are run by themselves. */
function copySources(to: string): void {
  const from = join(ROOT, "policies");
  mkdirSync(to, { recursive: true });
  const copied = ["lib", ...RULES.map((rule) => join("rules", rule))];
  for (const path of copied) {
    cpSync(join(from, path), join(to, path), {
      recursive: true,
      filter: (file) => !file.endsWith("_test.rego"),
    });
  }
  cpSync(join(from, "cases"), join(to, "cases"), { recursive: true });
  rmSync(join(to, "cases/deposits.yaml"));
  for (const name of readdirSync(join(to, "cases"))) {
    if (!name.endsWith(".yaml")) continue;
    const file = join(to, "cases", name);
    const { cases, ...shared } = casesSchema.parse(parse(readFileSync(file, "utf8")));
    for (const other of OTHER_CASES) delete cases[other];
    writeFileSync(file, stringify({ cases, ...shared }));
  }
}

function only(keys: readonly string[], of: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, of[key]]));
}
