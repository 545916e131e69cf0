/** What docs/operations.md has operators type is typed here, at a real server. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseScope } from "../src/decisions/freeze.ts";
import { FLAG_CODES } from "../src/input/refusal.ts";
import { askTransfer, boundConfig, run, shell } from "./support/command.ts";
import { Installation, type RunningProcess } from "./support/installation.ts";
import { depositPush } from "./support/pushes.ts";
import { flagged, LISTED_SOURCE, seeded, told } from "./support/told.ts";

const PAGE = readFileSync("docs/operations.md", "utf8");
let installation: Installation;
let running: RunningProcess;
let config: string;
let flag: string;

beforeAll(async () => {
  installation = new Installation();
  await seeded(join(installation.folder, "state"), async (ledger) => {
    const push = depositPush({ id: "flagged" });
    const raised = flagged(push, { severity: "high" });
    flag = raised.id;
    await told(ledger, push, { outcome: "flagged", reasons: [LISTED_SOURCE], flags: [raised] });
  });
  running = await installation.start();
  config = boundConfig(installation, running);
});
afterAll(() => installation.remove());

/** Runs the block that follows `<!-- run: NAME -->`, with this installation's paths. */
async function type(name: string, before = ""): Promise<string> {
  const [, block] = new RegExp(`<!-- run: ${name} -->\\n\`\`\`sh\\n(.*?\\n)\`\`\``, "s").exec(PAGE) ?? [];
  if (block === undefined) throw new Error(`there is no block ${name}`);
  const here = block
    .replaceAll("/etc/countersign/config.yaml", config)
    .replaceAll("/var/lib/countersign/state", join(installation.folder, "state"));
  expect(here).not.toMatch(/\/(etc|var)\/|…/);
  const { code, out } = await shell(`${before}${here}`, installation.folder);
  expect({ code, out }).toMatchObject({ code: 0 });
  return out;
}

async function status() {
  return JSON.parse((await run("status", "--config", config, "--json")).out);
}

const ask = (id: string) => askTransfer(installation, running, id);

test("a freeze, what it does to retries, and its end", async () => {
  expect(await ask("before")).toMatch(/APPROVE/);
  expect(await type("freeze")).toMatch(/^frozen: wallet:/);
  expect(await ask("before")).toMatch(/REJECT.*FROZEN/s);
  expect(await ask("during")).toMatch(/REJECT.*FROZEN/s);
  const { freezes } = await status();
  expect(await type("unfreeze", `ID=${freezes[0].id}\n`)).toMatch(/^lifted: f_/);
  expect(await ask("before")).toMatch(/REJECT.*FROZEN/s);
  expect(await ask("during")).toMatch(/REJECT.*FROZEN/s);
  expect(await ask("after")).toMatch(/APPROVE/);
});

test("the file", async () => {
  await type("file");
  expect((await status()).freezes).toMatchObject([{ id: "FREEZE", scope: ["all"] }]);
  expect(await ask("file")).toMatch(/REJECT.*FROZEN/s);
  await shell(`rm '${join(installation.folder, "state", "FREEZE")}'`, installation.folder);
  expect((await status()).freezes).toEqual([]);
});

test("a release", async () => {
  expect(await ask("release")).toMatch(/APPROVE/);
  expect(await type("release")).toMatch(/: released 1\n/);
});

test("a flag: found, explained, resolved", async () => {
  expect(await type("flags")).toContain(flag);
  expect(await type("explain", `ID=${flag}\n`)).toMatch(/^FLAGGED {2}deposit {2}p_/);
  expect(await type("resolve", `ID=${flag}\n`)).toBe(`resolved: ${flag}, DEPOSIT_SOURCE of cobo:flagged\n`);
  expect(await type("flags")).toBe("no open flags\n");
});

test("at 3 a.m. there is a word on each flag of the host", () => {
  const [, section = ""] = /\n## Flags\n(.*?)\n## /s.exec(PAGE) ?? [];
  const codes = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect(codes.sort()).toEqual([...FLAG_CODES].sort());
});

test("the step of a price", async () => {
  installation.writePrices({ ETH: "30" });
  running.child.kill("SIGHUP");
  await expect.poll(async () => (await status()).prices.refused, { timeout: 10_000 }).toHaveLength(1);
  expect(await type("price")).toBe("accepted: ETH at 30 USD\n");
});

test("the scopes of the table are all there are", () => {
  const section = /\n## Freezing\n(.*?)\n## /s.exec(PAGE)?.[1] ?? "";
  const scopes = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) =>
    cell.split(", ").map((scope) => scope.replaceAll("`", "")),
  );
  for (const scope of scopes) expect(parseScope(scope).text).toBe(scope);
  const kinds = new Set(scopes.map((scope) => scope.split(":")[0]));
  const refusal = (): string => {
    try {
      return parseScope("nothing").text;
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
  };
  const known = [...refusal().matchAll(/\b(\w+):ID/g)].map(([, kind]) => kind);
  expect([...kinds].sort()).toEqual(["all", ...known].sort());
});
