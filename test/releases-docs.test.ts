/** What docs/releases.md has people type is typed here, in its order, at a real server. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { parseConfig } from "../src/config.ts";
import { PROMOTE_PROBLEMS } from "../src/policy/candidate.ts";
import { RELEASE_STEPS } from "../src/policy/release.ts";
import { askTransfer, boundConfig, run, shell } from "./support/command.ts";
import { FEW_RULES } from "./support/few-rules.ts";
import { Installation, type RunningProcess } from "./support/installation.ts";
import { publisherKey } from "./support/publisher.ts";
import { LISTED, ORDINARY, policyFolder } from "./support/small-releases.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Whom the demo's ordinary transfer pays. */
const PAID = "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f";
const PAGE = readFileSync("docs/releases.md", "utf8");
const installation = new Installation();
const { folder } = installation;
let running: RunningProcess;
let config: string;

beforeAll(async () => {
  // A team's own: three rules are built, tested and linted sooner than the product's.
  policyFolder(folder, "policies", {
    "transfer/listed": LISTED,
    "transfer/known": LISTED.replaceAll("listed", "known").replaceAll("LISTED", "KNOWN"),
    "transfer/usual": ORDINARY.replaceAll("ordinary", "usual").replaceAll("ORDINARY", "USUAL"),
  });
  writeFileSync(join(folder, "policies/data.yaml"), `allowlist: {"${PAID}": true}\n`);
  cpSync("bundles/default.tar.gz", join(folder, "bundles/default.tar.gz"));
  mkdirSync(join(folder, "srv"));
  const sample = parse(/```yaml\n(.*?)```/s.exec(PAGE)?.[1] ?? "");
  // The sample itself is a good one.
  const rest = { signing_key: "s.pem", nodes: [{ name: "n", callback_public_keys: ["n.pub"] }] };
  expect(parseConfig(stringify({ ...rest, ...sample }), "/c").policy.trust).toMatchObject({ threshold: 2 });
  const { trust, ...policy } = sample.policy;
  const shadow = parse(/\n## A candidate in the shadow\n.*?```yaml\n(.*?)```/s.exec(PAGE)?.[1] ?? "").policy;
  expect(
    parseConfig(stringify({ ...rest, policy: { ...sample.policy, ...shadow } }), "/c").policy.gate,
  ).toBeDefined();
  const keys = ["./alice.pub", "./bob.pub", "./carol.pub"];
  const places = { release: "./srv/release.tar.gz", candidate: "./srv/next.tar.gz" };
  installation.config["policy"] = { ...policy, ...shadow, ...places, trust: { ...trust, keys } };
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

const typed = new Set<string>();

/** Runs the block that follows `<!-- run: NAME -->`, with this installation's paths. */
async function type(
  name: string,
  cwd: string | undefined = undefined,
  before = "",
  at: Place = { folder, config },
): Promise<{ code: number; out: string }> {
  typed.add(name);
  const [, block] = new RegExp(`<!-- run: ${name} -->\\n *\`\`\`sh\\n(.*?\\n) *\`\`\``, "s").exec(PAGE) ?? [];
  if (block === undefined) throw new Error(`there is no block ${name}`);
  const here = block
    .replaceAll(/^ +/gm, "")
    .replaceAll("/etc/countersign/config.yaml", at.config)
    .replaceAll("/var/lib/countersign/state", join(at.folder, "state"))
    .replaceAll("127.0.0.1:11021", running?.addresses.admin ?? "127.0.0.1:11021")
    .replaceAll("/srv/policy", join(at.folder, "srv"))
    // OpenSSL would ask for the passphrase at a terminal.
    .replaceAll("-aes-256-cbc", "-aes-256-cbc -pass env:PASSPHRASE")
    .replaceAll("openssl pkey", "openssl pkey -passin env:PASSPHRASE");
  expect(here).not.toMatch(/\/(etc|var|srv\/policy)\/|…/);
  return await shell(`export PASSPHRASE=secret\n${before}${here}`, cwd ?? at.folder);
}

async function status() {
  return JSON.parse((await run("status", "--config", config, "--json")).out);
}

/** Publishes what lies in the folder, until it is live. */
async function publish(live: RegExp): Promise<void> {
  await expect
    .poll(async () => (await type("publish")).out, { timeout: 30_000, interval: 1_000 })
    .toMatch(live);
}

test("from keys to a signed release that is live, and its renewal", async () => {
  expect(await type("key")).toMatchObject({ code: 0 });
  const { code, out } = await type("fingerprint");
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringMatching(/ for ceremony,.*\n {2}signed by .*, now\n$/),
  });
  expect(await type("build")).toMatchObject({ code: 0, out: expect.stringContaining("2025-06-02.1") });
  expect((await type("sign")).out).toMatch(/sequence 12, for production, until .*\n {2}signed by .*, now/);
  expect(await type("verify")).toMatchObject({
    code: 1,
    out: expect.stringMatching(/REFUSED +signatures +1 of 2/),
  });
  expect(await type("second")).toMatchObject({ code: 0 });
  expect((await type("verify")).out).toMatch(
    /it would go live, if the gate of the server lets it through: revision 2025-06-02\.1, sequence 12/,
  );

  // The server runs already, and refuses everything.
  running = await installation.start();
  config = boundConfig(installation, running);
  expect(await askTransfer(installation, running, "before")).toMatch(/REJECT.*POLICY_ABSENT/s);
  await publish(/^release {3}2025-06-02\.1, sequence 12/m);
  expect(await askTransfer(installation, running, "after")).toMatch(/APPROVE/);
  const [, fingerprint = "none"] = /signed by (\S+),/.exec(out) ?? [];
  expect(await type("trusted")).toMatchObject({ code: 0, out: expect.stringContaining(fingerprint) });
  expect(await type("diff")).toMatchObject({ code: 0, out: expect.stringContaining("nothing else differs") });

  expect(await type("renew")).toMatchObject({ code: 0, out: expect.stringContaining("sequence 13") });
  await publish(/^release {3}2025-06-02\.1, sequence 13/m);
});

test("what CI runs builds what the people who sign build, and says what is looser", async () => {
  const checkout = join(folder, "checkout");
  policyFolder(checkout, "policies", { "transfer/listed": LISTED, "transfer/ordinary": ORDINARY });
  const git = "git -c user.name=a -c user.email=a@b";
  await shell(`git init -q && git add policies && ${git} commit -qm first`, checkout);
  const ci = await type("ci", checkout);
  expect(ci).toMatchObject({
    code: 0,
    out: expect.stringMatching(/ Rego tests passed, \d+ cases\n.*\n[0-9a-f]{64} {2}release/s),
  });
  expect(readFileSync(join(checkout, "difference.txt"), "utf8")).toMatch(
    /\nLOOSER\n {2}! rule_removed: .*\n {2}! approval_added: transfer\/ordinary approves by ORDINARY, which is new\n/s,
  );
  expect(await type("rebuild", checkout)).toMatchObject({ code: 0 });
  writeFileSync(join(checkout, "release.tar.gz"), "built by somebody else");
  expect((await type("rebuild", checkout)).code).not.toBe(0);

  const [, workflow = ""] = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => text);
  const steps: readonly { run?: string }[] = parse(workflow).jobs.build.steps;
  expect(steps.map((step) => step.run)).toContain("bash -e ci/policy.sh");
});

test("an emergency: freeze, reload, unfreeze", async () => {
  expect(await type("freeze")).toMatchObject({ code: 0, out: expect.stringMatching(/^frozen: chain:ETH/) });
  expect(await askTransfer(installation, running, "frozen")).toMatch(/REJECT.*FROZEN/s);
  const reloaded = await type("reload");
  expect(JSON.parse(reloaded.out)).toMatchObject({ live: { sequence: 13 }, changed: false });
  const { freezes } = await status();
  expect(await type("unfreeze", folder, `ID=${freezes[0].id}\n`)).toMatchObject({ code: 0 });
  expect(await askTransfer(installation, running, "unfrozen")).toMatch(/APPROVE/);
});

test("a list is signed, verified, published, and in force without a release", async () => {
  const sample = parse(/<!-- sample: lists -->\n```yaml\n(.*?)```/s.exec(PAGE)?.[1] ?? "");
  const { trust, ...sanctions } = sample.lists.sanctions;
  const other = new Installation({
    policy: { release: FEW_RULES.open, trust: "unsigned" },
    lists: {
      sanctions: {
        ...sanctions,
        // Each look at it from here is two processes.
        poll: "250ms",
        source: "./srv/sanctions.csv",
        trust: { ...trust, keys: ["./compliance.pub"] },
      },
    },
  });
  try {
    mkdirSync(join(other.folder, "srv"));
    const at = { folder: other.folder, config: other.writeConfig() };
    const signed = await type("list-sign", undefined, "", at);
    expect(signed.out).toMatch(
      /list sanctions, 1 entries, sequence 1, for production, until .*\n {2}signed by .*, now/,
    );
    expect(signed.out).toMatch(
      /ok +unread\n.*\n(.*\n)*it would come into force: sanctions, sequence 1, 1 entries/,
    );
    const server = await other.start();
    expect(await askTransfer(other, server, "before")).toMatch(/REJECT.*SANCTIONS/s);
    const running = { ...at, config: boundConfig(other, server) };
    expect((await type("list-publish", undefined, "", running)).code).toBe(0);
    await expect
      .poll(async () => (await type("list-publish", undefined, "", running)).out, {
        timeout: 60_000,
        interval: 1_000,
      })
      .toMatch(/^list {6}sanctions: 1 entries, sequence \d{10}, read/m);
    expect(await askTransfer(other, server, "after")).toMatch(/APPROVE/);
  } finally {
    await other.remove();
  }
});

test("a candidate that judges what is asked, and is promoted", async () => {
  await type("candidate");
  const status = () => shell(`countersign status --config ${config}`, folder);
  const judged = (pattern: RegExp) =>
    expect.poll(async () => (await status()).out, { timeout: 30_000, interval: 1_000 }).toMatch(pattern);
  await judged(/^candidate 2025-06-09\.1, sequence 14$/m);
  await judged(/^ +judges for \d+ s what 2025-06-02\.1 decides$/m);
  expect(await askTransfer(installation, running, "in the shadow")).toMatch(/APPROVE/);
  await judged(/^ +decisions: 1 same$/m);
  const { code, out } = await type("promote");
  expect({ code, out }).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^live: revision 2025-06-09\.1/m),
  });
  await judged(/^! PROMOTED/m);
  await judged(/^ +promoted by local: judged for a week, nothing newly approved$/m);
  await judged(/^gate {6}the last 7 d, at most 0 newly approved$/m);
  expect(await askTransfer(installation, running, "by the next one")).toMatch(/APPROVE/);
});

test("the page has each code of a promotion that is refused, and no other", () => {
  const section = /\n## Promote\n(.*?)\n## /s.exec(PAGE)?.[1] ?? "";
  const codes = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect(codes).toEqual(PROMOTE_PROBLEMS);
});

test("the page has each step that a release can be refused at, and no other", () => {
  const section = /\n## When a release is refused\n(.*?)\n\*\*Quarantine/s.exec(PAGE)?.[1] ?? "";
  const rows = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) => cell.split(", "));
  const steps = rows.map((cell) => cell.replaceAll("`", "")).filter((step) => step !== "step");
  expect(steps).toEqual(RELEASE_STEPS);
});

test("every command of the page was run", () => {
  const named = [...PAGE.matchAll(/<!-- run: (\S+) -->/g)].map(([, name = ""]) => name);
  expect([...typed].sort()).toEqual(named.sort());
  expect([...PAGE.matchAll(/^ *```sh$/gm)]).toHaveLength(named.length);
});
