/**
 * The samples of the docs are run: the README's first five minutes on a real server, its configs, the rules and
 * commands of docs/rules.md and docs/operations.md. What operators do to a running server is in
 * operations-docs.test.ts, docs/configuration.md in src/config.test.ts.
 */

import { execFile, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../src/config.ts";
import { activate } from "../src/policy/activate.ts";
import { buildRelease } from "../src/policy/build/build.ts";
import { testSource } from "../src/policy/build/test-source.ts";
import { readRelease } from "../src/policy/read-release.ts";
import { MAX_DATA_BYTES } from "../src/policy/release.ts";
import { SELF_TEST_LIMITS } from "../src/policy/self-tests.ts";
import { proverOf } from "../src/proof/prove.ts";
import { SELF_TEST_BUDGET_MS } from "../src/proof/self-tests.ts";
import { createLog } from "../src/telemetry/log.ts";
import { shell } from "./support/command.ts";
import { COMMAND } from "./support/installation.ts";

const ROOT = process.cwd();
const SWAP_LIMIT_MS = 60_000;
/** What asks is a process of its own. */
const POLL_MS = 1_000;
const folder = mkdtempSync(join(tmpdir(), "countersign-docs-"));
const cleanUps: (() => void)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterAll(() => {
  for (const cleanUp of cleanUps.reverse()) cleanUp();
});

function page(name: string): string {
  return readFileSync(join(ROOT, name), "utf8");
}

/** The shell block that follows `<!-- run: NAME -->`. */
function block(name: string): string {
  const found = new RegExp(`<!-- run: ${name} -->\\n\`\`\`sh\\n(.*?)\n\`\`\``, "s").exec(page("README.md"));
  if (found?.[1] === undefined) throw new Error(`README.md has no block ${name}`);
  return found[1];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

test("the README's first rule, word by word", { timeout: 300_000 }, async () => {
  const checkout = join(folder, "checkout");
  mkdirSync(checkout);
  for (const part of ["package.json", "node_modules", "dist", "tools"]) {
    symlinkSync(join(ROOT, part), join(checkout, part));
  }
  // What a reader copies or changes is a real copy: `cp -R` of a link would write into this tree.
  for (const part of ["bundles", "policies"]) {
    cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
  }
  const [nodes, admin] = [await freePort(), await freePort()];
  const onFreePorts = (script: string) =>
    script
      .replaceAll("127.0.0.1:11020", `127.0.0.1:${nodes}`)
      .replaceAll("127.0.0.1:11021", `127.0.0.1:${admin}`);
  const typed = (script: string) =>
    new Promise<string>((resolve) => {
      execFile("bash", ["-c", onFreePorts(script)], { cwd: checkout }, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
  // npx takes longer than what it runs: the first commands and the server are run by it, the others by themselves.
  const run = (script: string) => typed(script.replaceAll("npx countersign ", `${COMMAND} `));

  // The tree is built already; all else is as a reader types it.
  const prepare = block("first-rule").replace("make build tools\n", "");
  expect(prepare).not.toContain("make");
  expect(await typed(prepare)).toContain("0 errors");
  // Whoever pastes it a second time keeps keys and policies.
  const again = await run(prepare);
  expect(again).toContain("keys are never overwritten");
  expect(again).toContain("0 errors");
  expect(page(".gitignore").split("\n")).toContain("/try/");

  const serve = /npx countersign (serve [^\n]*)\n/.exec(page("README.md"))?.[1] ?? "";
  const server = spawn("npx", ["countersign", ...serve.split(" ")], { cwd: checkout, detached: true });
  cleanUps.push(() => {
    try {
      process.kill(-(server.pid ?? 0), "SIGKILL");
    } catch {}
  });
  await new Promise<void>((resolve, reject) => {
    server.once("exit", (code) => reject(new Error(`serve ended with ${code}`)));
    server.stdout.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes('"listening"')) resolve();
    });
  });

  const asked = await run(block("ask"));
  expect(asked).toContain("APPROVE");
  expect(asked).toContain("REJECT");
  expect(asked).toMatch(/DESTINATION_ALLOWLIST.*0x66f820a414680b5bcda5eeca5dea238543f42054/s);

  expect(await run(block("new-rule"))).toContain("as it should: a test fails");
  const ask = block("ask").split("\n").slice(0, 4).join("\n");
  const mended = await run(`${ask}\n${block("mend-rule")}`);
  expect(mended).toContain(", 0 failed");

  const expected = new Date().getUTCDay() === 0 ? /REJECT.*NO_SUNDAYS/s : /APPROVE/;
  const rules = "npx countersign status --config try/countersign.yaml --json 2>/dev/null";
  const from = Date.now();
  const all = readdirSync("policies/rules", { recursive: true }).filter((file) =>
    /\brule\.rego$/.test(String(file)),
  );
  // The default's rules, and the new one.
  while (JSON.parse(await run(rules)).release.rules !== all.length + 1) {
    expect(Date.now() - from).toBeLessThan(SWAP_LIMIT_MS);
    await sleep(POLL_MS);
  }
  // The rule that was not mended yet counts as one, too: on a Saturday it refuses until the next build is live.
  let answer = await run(`${ask}\nask listed-transfer`);
  while (!expected.test(answer) && Date.now() - from < SWAP_LIMIT_MS) {
    await sleep(POLL_MS);
    answer = await run(`${ask}\nask listed-transfer`);
  }
  expect(answer).toMatch(expected);
});

test("the rules of docs/rules.md build, pass their tests and go live", { timeout: 60_000 }, async () => {
  const source = join(folder, "rules");
  cpSync(join(ROOT, "policies"), source, { recursive: true });
  const samples = [...page("docs/rules.md").matchAll(/```(?:rego|yaml)\n# file: (\S+)\n(.*?)```/gs)];
  expect(samples.length).toBeGreaterThan(2);
  for (const [, file = "", text = ""] of samples) {
    mkdirSync(dirname(join(source, file)), { recursive: true });
    writeFileSync(join(source, file), text);
  }
  const { bytes, index } = await buildRelease(source);
  const written = samples.filter(([, file]) => file?.endsWith("/rule.rego"));
  const names = written.map(([, file]) => file?.split("/").slice(1, 3).join("/"));
  expect(index.rules.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  const run = await testSource(source, false);
  expect(run.tests.filter(({ outcome }) => outcome !== "pass")).toEqual([]);
  // The cases of the page, and those of the default rules, are decided as the page says: else it would not go live.
  expect((await readRelease(bytes)).cases.map(({ place }) => place)).toContain("cases/treasury.yaml:2");
  const live = await activate(bytes, { trust: "unsigned", source, prover: proverOf(), evaluationMs: 1_000 });
  await live.engine.close();
});

test("docs/rules.md states how much data a release may have, and how many cases", () => {
  expect(page("docs/rules.md")).toContain(`at most ${MAX_DATA_BYTES / 2 ** 20} MiB in all`);
  const { cases, requestBytes, totalBytes } = SELF_TEST_LIMITS;
  const limits = `most ${cases} cases with requests of ${requestBytes / 1024} KiB and ${totalBytes / 2 ** 20} MiB in all; what takes longer than ${SELF_TEST_BUDGET_MS / 1000} seconds`;
  expect(page("docs/rules.md").replaceAll("\n", " ")).toContain(limits);
});

/** The fenced blocks of a page, of one language. */
function blocks(name: string, language: string): string[] {
  const found = page(name).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"));
  return [...found].map(([, text = ""]) => text);
}

test("the commands of docs/rules.md do what it says", { timeout: 180_000 }, async () => {
  const cwd = join(folder, "commands");
  cpSync(join(ROOT, "policies"), join(cwd, "policies"), { recursive: true });
  cpSync(join(ROOT, "bundles/demo/data.yaml"), join(cwd, "policies/data.yaml"));
  cpSync(join(ROOT, "bundles/demo/requests/listed-transfer.json"), join(cwd, "request.json"));
  const commands = blocks("docs/rules.md", "sh");
  expect(commands).toHaveLength(1);
  const { code, out } = await shell(commands.join("\n"), cwd);
  expect(out).toMatch(/, 0 failed.*bundles\/mine\.tar\.gz: 78 rules.*approved {2}transaction_signing/s);
  expect(code).toBe(0);
});

test("the commands of docs/operations.md do what it says", async () => {
  const [start = "", keys = "", digest = ""] = blocks("docs/operations.md", "");
  for (const [, name = ""] of start.matchAll(/^countersign (\w+) --config \S+$/gm)) {
    expect((await shell(`countersign ${name} --config /nowhere`, folder)).code).toBe(2);
  }
  expect(start.trim().split("\n")).toHaveLength(2);
  expect(await shell(keys.replace("generate", "generate --bits 2048"), folder)).toMatchObject({ code: 0 });
  const { out } = await shell(`TOKEN=abc\n${digest}`, folder);
  expect(out.slice(0, 64)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("the decision's line of docs/operations.md has the members that the log writes", () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => void lines.push(line) } });
  const [sample = ""] = blocks("docs/operations.md", "json");
  const { code, rule, kind, channel, outcome, action, source } = JSON.parse(sample);
  log.decision({
    ...{ id: "d_1", kind, channel, outcome, action, source, request_id: "r" },
    reasons: [{ code, rule }],
    alerts: [],
    release: { revision: "1", sequence: 0 },
    timings: { normalize: 0, evaluate: 0, explain: 0, total: 0 },
  });
  expect(Object.keys(JSON.parse(sample))).toEqual(Object.keys(JSON.parse(lines[0] ?? "")));
  const text = page(`policies/rules/${rule}/rule.rego`);
  expect(text).toContain(`require["${code}"]`);
});

test("the README's configs: the node's names this server's path, this server's is a good one", () => {
  const [node = "", server = "", ...others] = blocks("README.md", "yaml");
  expect(others).toEqual([]);
  expect(parse(node).callback.cb_server_v2[0].service_address).toMatch(/:11020\/v2\/check$/);
  const rest = { signing_key: "a.pem", policy: { trust: "unsigned" } };
  const { nodes, scope } = parseConfig(JSON.stringify({ ...parse(server), ...rest }), "/c");
  expect(nodes).toMatchObject([{ name: "node-1", node_id: expect.stringMatching(/^cobo/) }]);
  expect(scope.organizations).toHaveLength(1);
});
