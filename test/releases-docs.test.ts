/** What docs/releases.md has people type is typed here, in its order, at a real server. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { parseConfig } from "../src/config.ts";
import { RELEASE_STEPS } from "../src/policy/release.ts";
import { askTransfer, boundConfig, shell } from "./support/command.ts";
import { BUNDLES, Installation, type RunningProcess } from "./support/installation.ts";
import { publisherKey } from "./support/publisher.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const PAGE = readFileSync("docs/releases.md", "utf8");
const installation = new Installation();
const { folder } = installation;
let running: RunningProcess;
let config: string;

beforeAll(async () => {
  cpSync("policies", join(folder, "policies"), { recursive: true });
  cpSync("bundles/demo/data.yaml", join(folder, "policies/data.yaml"));
  mkdirSync(join(folder, "srv"));
  const sample = parse(/```yaml\n(.*?)```/s.exec(PAGE)?.[1] ?? "");
  // The sample itself is a good one.
  const rest = { signing_key: "s.pem", nodes: [{ name: "n", callback_public_keys: ["n.pub"] }] };
  expect(parseConfig(stringify({ ...rest, ...sample }), "/c").policy.trust).toMatchObject({ threshold: 2 });
  const { trust, ...policy } = sample.policy;
  const keys = ["./alice.pub", "./bob.pub", "./carol.pub"];
  installation.config["policy"] = { ...policy, release: "./srv/release.tar.gz", trust: { ...trust, keys } };
  for (const name of ["bob", "carol"] as const) {
    const key = await publisherKey(name === "bob" ? "p256" : "rsa");
    writeFileSync(join(folder, `${name}.pem`), key.privatePem);
    writeFileSync(join(folder, `${name}.pub`), key.publicPem);
  }
  config = installation.writeConfig();
});
afterAll(() => installation.remove());

interface Place {
  readonly folder: string;
  readonly config: string;
}

/** Runs the block that follows `<!-- run: NAME -->`, with this installation's paths. */
async function type(name: string, at: Place = { folder, config }): Promise<{ code: number; out: string }> {
  const [, block] = new RegExp(`<!-- run: ${name} -->\\n\`\`\`sh\\n(.*?\\n)\`\`\``, "s").exec(PAGE) ?? [];
  if (block === undefined) throw new Error(`there is no block ${name}`);
  const here = block
    .replaceAll("/etc/countersign/config.yaml", at.config)
    .replaceAll("/srv/policy", join(at.folder, "srv"));
  expect(here).not.toMatch(/\/(etc|srv\/policy)\/|…/);
  return await shell(here, at.folder);
}

test("from keys to a signed release that is live, and its renewal", async () => {
  expect(await type("key")).toMatchObject({ code: 0 });
  expect(await type("build")).toMatchObject({ code: 0, out: expect.stringContaining("2025-06-02.1") });
  expect((await type("sign")).out).toMatch(/sequence 12, for production, until .*\n {2}signed by .*, now/);
  expect(await type("verify")).toMatchObject({
    code: 1,
    out: expect.stringMatching(/REFUSED +signatures +1 of 2/),
  });
  expect(await type("second")).toMatchObject({ code: 0 });
  expect((await type("verify")).out).toMatch(/it would go live: revision 2025-06-02\.1, sequence 12/);

  // The server runs already, and refuses everything.
  running = await installation.start();
  config = boundConfig(installation, running);
  expect(await askTransfer(installation, running, "before")).toMatch(/REJECT.*POLICY_ABSENT/s);
  await type("publish");
  await expect
    .poll(async () => (await type("publish")).out, { timeout: 30_000, interval: 1_000 })
    .toMatch(/^release {3}2025-06-02\.1, sequence 12/m);
  expect(await askTransfer(installation, running, "after")).toMatch(/APPROVE/);

  expect(await type("diff")).toMatchObject({ code: 0, out: expect.stringContaining("nothing else differs") });

  expect(await type("renew")).toMatchObject({ code: 0, out: expect.stringContaining("sequence 13") });
  await type("publish");
  await expect
    .poll(async () => (await type("publish")).out, { timeout: 30_000, interval: 1_000 })
    .toMatch(/^release {3}2025-06-02\.1, sequence 13/m);
});

test("a list is signed, verified, published, and in force without a release", async () => {
  const sample = parse(/<!-- sample: lists -->\n```yaml\n(.*?)```/s.exec(PAGE)?.[1] ?? "");
  const { trust, ...sanctions } = sample.lists.sanctions;
  const other = new Installation({
    policy: { release: join(BUNDLES, "demo.tar.gz"), trust: "unsigned" },
    lists: {
      sanctions: {
        ...sanctions,
        source: "./srv/sanctions.csv",
        trust: { ...trust, keys: ["./compliance.pub"] },
      },
    },
  });
  try {
    mkdirSync(join(other.folder, "srv"));
    const at = { folder: other.folder, config: other.writeConfig() };
    const signed = await type("list-sign", at);
    expect(signed.out).toMatch(
      /list sanctions, 1 entries, sequence 1, for production, until .*\n {2}signed by .*, now/,
    );
    expect(signed.out).toMatch(
      /ok +unread\n.*\n(.*\n)*it would come into force: sanctions, sequence 1, 1 entries/,
    );
    const server = await other.start();
    expect(await askTransfer(other, server, "before")).toMatch(/REJECT.*SANCTIONS/s);
    const running = { ...at, config: boundConfig(other, server) };
    expect((await type("list-publish", running)).code).toBe(0);
    await expect
      .poll(async () => (await type("list-publish", running)).out, { timeout: 60_000, interval: 1_000 })
      .toMatch(/^list {6}sanctions: 1 entries, sequence \d{10}, read/m);
    expect(await askTransfer(other, server, "after")).toMatch(/APPROVE/);
  } finally {
    await other.remove();
  }
});

test("the page has each step that a release can be refused at, and no other", () => {
  const section = /\n## When a release is refused\n(.*?)\n\*\*Quarantine/s.exec(PAGE)?.[1] ?? "";
  const rows = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) => cell.split(", "));
  const steps = rows.map((cell) => cell.replaceAll("`", "")).filter((step) => step !== "step");
  // Self-tests are not run yet.
  expect(steps).toEqual(RELEASE_STEPS.filter((step) => step !== "self_test"));
});
