/** Every sample of the docs is run: the README's first five minutes on a real server, the rules of docs/rules.md. */
import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { activate } from "../src/policy/activate.ts";
import { buildRelease } from "../src/policy/build/build.ts";
import { testSource } from "../src/policy/build/test-source.ts";
import { MAX_DATA_BYTES } from "../src/policy/release.ts";

const ROOT = process.cwd();
const SWAP_LIMIT_MS = 20_000;
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

test("the README's first rule, word by word", { timeout: 120_000 }, async () => {
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
  const run = (script: string) =>
    new Promise<string>((resolve) => {
      execFile("bash", ["-c", onFreePorts(script)], { cwd: checkout }, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });

  // The tree is built already; all else is as a reader types it.
  const prepare = block("first-rule").replace("make build tools\n", "");
  expect(prepare).not.toContain("make");
  expect(await run(prepare)).toContain("0 errors");
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
  while (JSON.parse(await run(rules)).release.rules !== 10) {
    expect(Date.now() - from).toBeLessThan(SWAP_LIMIT_MS);
    await sleep(200);
  }
  expect(await run(`${ask}\nask listed-transfer`)).toMatch(expected);
});

test("the rules of docs/rules.md build, pass their tests and go live", { timeout: 60_000 }, async () => {
  const source = join(folder, "rules");
  cpSync(join(ROOT, "policies"), source, { recursive: true });
  const samples = [...page("docs/rules.md").matchAll(/```rego\n# file: (\S+)\n(.*?)```/gs)];
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
  const live = await activate(bytes, { trust: "unsigned", source, evaluationMs: 1_000 });
  await live.engine.close();
});

test("docs/rules.md states how much data a release may have", () => {
  expect(page("docs/rules.md")).toContain(`at most ${MAX_DATA_BYTES / 2 ** 20} MiB in all`);
});
