/**
 * Broken policies in the running server, each by its own fault: what is wrong with a release itself never goes
 * live and never replaces one that is; what goes wrong in a decision refuses that one and no other.
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { readArchive, writeArchive } from "../src/policy/archive.ts";
import { entrypointsDigest, generateEntrypoints } from "../src/policy/build/entrypoints.ts";
import { MAX_DATA_BYTES } from "../src/policy/release.ts";
import { type RuleIndex, ruleIndexSchema } from "../src/policy/rule-index.ts";
import {
  type Answer,
  Caller,
  demoRequest,
  expectApproval,
  expectRefusal,
  fresh,
  readReply,
  requestToken,
} from "./support/caller.ts";
import { withoutEnd } from "./support/endless-rego.ts";
import { FEW_RULES, FEW_RULES_SOURCE } from "./support/few-rules.ts";
import { Installation, type RunningProcess } from "./support/installation.ts";
import { compileRego } from "./support/policy.ts";

const LISTED = demoRequest("listed-transfer");
const UNLISTED = demoRequest("unlisted-transfer");
const GOOD = new Uint8Array(readFileSync(FEW_RULES.open));
const TYPE_RULE = "rules/transfer/transaction_type/rule.rego";
const APPROVE_RULE = "rules/transfer/ordinary_transfer/rule.rego";
const ENTRYPOINTS = "countersign/entrypoints.rego";
/** What the entrypoints say of one rule: its verdicts, and its words. */
const TYPE_IN_ENTRYPOINTS =
  '\t"transaction_type": {"require": data.rules.transfer.transaction_type.require},\n';
const TYPE_WORDS = /^words\["transfer\/transaction_type"\].*\n/gm;
const LIST_RULE = "rules/transfer/destination_allowlist/rule.rego";

const COOLING_LIB = "lib/cooling_off.rego";
const PAID_SINCE =
  'paid_since(address) := object.get(data.allowlist[input.transaction.chain][address], "added_at", "")';
const EVIDENCE = "lib/evidence.rego";

type Files = Map<string, Uint8Array>;
type Sources = Record<string, string>;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (files: Files, name: string): string => new TextDecoder().decode(files.get(name));
const indexOf = (files: Files): RuleIndex => ruleIndexSchema.parse(JSON.parse(textOf(files, "/index.json")));

/** The good release with its files changed, and without its cases: they would find most faults before they decide. */
async function changed(change: (files: Files) => void): Promise<Uint8Array> {
  const files: Files = new Map(await readArchive(GOOD));
  files.delete("/cases.json");
  change(files);
  return await writeArchive(files);
}

/** The good release with its data changed. */
const withData = (change: (data: Record<string, unknown>) => void): Promise<Uint8Array> =>
  changed((files) => {
    const data: Record<string, unknown> = JSON.parse(textOf(files, "/data.json"));
    change(data);
    files.set("/data.json", utf8(JSON.stringify(data)));
  });

/** The good release around the module of changed sources: index and entrypoints stay as they were. */
const withModule = (change: (sources: Sources) => void, entrypoints?: readonly string[]) =>
  changed((files) => {
    const rego = [...files.keys()].filter((name) => name.endsWith(".rego"));
    const sources = Object.fromEntries(rego.map((name) => [name.slice(1), textOf(files, name)]));
    change(sources);
    files.set("/policy.wasm", compileRego(sources, entrypoints));
  });

/** Puts one text of a source in the place of another, which has to be there. */
function replace(sources: Sources, file: string, from: string, to: string): void {
  const text = sources[file] ?? "";
  if (!text.includes(from)) throw new Error(`${from} is not in ${file}`);
  sources[file] = text.replace(from, () => to);
}

/** The index without one rule. */
const without = (index: RuleIndex, name: string): RuleIndex => ({
  ...index,
  rules: index.rules.filter((rule) => rule.name !== name),
});

let installation: Installation;
let running: RunningProcess;
let caller: Caller;

async function open(policy: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<void> {
  installation = new Installation({ policy: { trust: "unsigned", ...policy }, ...more });
}

async function serve(): Promise<void> {
  running = await installation.start();
  caller = new Caller(running.addresses.nodes);
}

async function close(): Promise<void> {
  caller.close();
  await installation.remove();
}

const ask = (request: string): Promise<Answer> =>
  caller.sendToken(requestToken(request, installation.node.privateKey));

/** Asks it as a request of its own: an answer that was given before would say nothing of the policy. */
async function expectApproved(request: string): Promise<void> {
  const { text, id } = fresh(request);
  expectApproval(await ask(text), installation.server.publicKey, id);
}

/** Likewise. @returns what the answer says. */
async function expectRefused(request: string, refusal: { status: 0 | 30; code: string }): Promise<string> {
  const { text, id } = fresh(request);
  const answer = await ask(text);
  expectRefusal(answer, installation.server.publicKey, { ...refusal, id });
  return readReply(answer.body, installation.server.publicKey).error;
}

const reloadSchema = z.object({
  live: z.object({ revision: z.string(), sha256: z.string() }).nullable(),
  changed: z.boolean(),
  error: z.string().optional(),
});

const statusSchema = z.object({
  release: z.object({ revision: z.string(), sha256: z.string() }).nullish(),
  last_release_error: z.object({ step: z.string(), message: z.string() }).nullish(),
  alarms: z.array(z.object({ code: z.string(), message: z.string() })),
});

async function admin(path: string, method = "GET"): Promise<unknown> {
  const token = readFileSync(join(installation.folder, "state/admin.token"), "utf8").trim();
  const response = await fetch(`http://${running.addresses.admin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
  });
  return await response.json();
}

/** Puts a release in place in one step, and has it read. */
async function publish(bytes: Uint8Array): Promise<z.infer<typeof reloadSchema>> {
  const file = installation.write("release.tar.gz.new", bytes);
  renameSync(file, join(installation.folder, "release.tar.gz"));
  return reloadSchema.parse(await admin("/v1/reload", "POST"));
}

/** Publishes a good release. The server may have seen the file before it was asked to: `changed` can be either. */
async function expectLive(bytes: Uint8Array): Promise<void> {
  const { live, error } = await publish(bytes);
  expect(error).toBeUndefined();
  expect(live?.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
}

describe("a release", () => {
  /** What makes it, the step that refuses it, and the words that name what is at fault. */
  const BROKEN: Readonly<Record<string, readonly [() => Promise<Uint8Array>, string, RegExp]>> = {
    "that is cut short": [async () => GOOD.subarray(0, 20_000), "archive", /./],
    "that is no archive": [async () => utf8("not a release"), "archive", /./],
    "without a module": [() => changed((files) => files.delete("/policy.wasm")), "archive", /policy\.wasm/],
    "with a corrupt module": [
      () =>
        changed((files) => files.set("/policy.wasm", (files.get("/policy.wasm") ?? GOOD).slice(0, 9_000))),
      "archive",
      /./,
    ],
    "whose module lacks an entrypoint": [
      () =>
        withModule(
          (sources) => {
            for (const [file, text] of Object.entries(sources))
              sources[file] = text.replaceAll(/^#.*\n/gm, "");
          },
          ["countersign/decision", "countersign/facts"],
        ),
      "entrypoints",
      /countersign\/explain/,
    ],
    "whose module needs a built-in that is not there": [
      () =>
        withModule((sources) =>
          replace(
            sources,
            APPROVE_RULE,
            "\tevidence.acceptable\n",
            '\tevidence.acceptable\n\tsprintf("%s", [input.kind]) != ""\n',
          ),
        ),
      "builtins",
      /sprintf/,
    ],
    "whose index has a rule that the module does not know": [
      () =>
        withModule((sources) => {
          delete sources[TYPE_RULE];
          replace(sources, ENTRYPOINTS, TYPE_IN_ENTRYPOINTS, "");
          sources[ENTRYPOINTS] = (sources[ENTRYPOINTS] ?? "").replaceAll(TYPE_WORDS, "");
        }),
      "index",
      /transfer\/transaction_type/,
    ],
    "whose module has lost a rule that its entrypoints name": [
      () => withModule((sources) => delete sources[TYPE_RULE]),
      "index",
      /no answer for the group transfer/,
    ],
    "whose module has a rule that the index does not know": [
      () =>
        changed((files) => {
          const index = without(indexOf(files), "transfer/transaction_type");
          const entrypoints = generateEntrypoints(index);
          const entrypoints_sha256 = entrypointsDigest(entrypoints);
          files.set("/index.json", utf8(JSON.stringify({ ...index, entrypoints_sha256 })));
          files.set("/countersign/entrypoints.rego", utf8(entrypoints));
        }),
      "index",
      /transfer\/transaction_type/,
    ],
    "in which a requirement is the string true": [
      () =>
        withModule((sources) =>
          replace(
            sources,
            TYPE_RULE,
            'require["TRANSACTION_TYPE"] if data.transaction_types[input.transaction.type]',
            'require["TRANSACTION_TYPE"] := "true"',
          ),
        ),
      "index",
      /transfer\/transaction_type/,
    ],
    "in which a requirement has a code that the index does not know": [
      () =>
        withModule((sources) =>
          replace(
            sources,
            TYPE_RULE,
            'require["TRANSACTION_TYPE"] if data.transaction_types[input.transaction.type]',
            'require["TRANSACTION_TIPE"] if true',
          ),
        ),
      "index",
      /transfer\/transaction_type/,
    ],
    "that conflicts whatever the document": [
      () =>
        withModule((sources) =>
          replace(
            sources,
            TYPE_RULE,
            'require["TRANSACTION_TYPE"] if data.transaction_types[input.transaction.type]',
            'two := 1 if input.kind\n\ntwo := 2 if input.kind\n\nrequire["TRANSACTION_TYPE"] if two > 0',
          ),
        ),
      "guard",
      /rules\/transfer\/transaction_type\/rule\.rego:\d+/,
    ],
    "whose data has a root of the rules": [
      () =>
        withData((data) => {
          data["rules"] = { transfer: { transaction_type: { require: { TRANSACTION_TYPE: true } } } };
        }),
      "data",
      /data\.rules/,
    ],
    "whose data lacks a path that a rule reads": [
      () => withData((data) => delete data["transaction_types"]),
      "data",
      /data\.transaction_types is not there .*transfer\/transaction_type/,
    ],
    "whose data has another type at a path that a rule reads": [
      () =>
        withData((data) => {
          data["limits"] = { per_transaction: { ETH: 1_000_000 } };
        }),
      "data",
      /data\.limits\.per_transaction\.ETH is a number, not a string .*transfer\/amount_cap/,
    ],
    "whose data has null": [
      () =>
        withData((data) => {
          data["allowlist"] = null;
        }),
      "data",
      /data\.allowlist is null/,
    ],
    "whose data is one byte over the limit": [
      () =>
        changed((files) => files.set("/data.json", filled(textOf(files, "/data.json"), MAX_DATA_BYTES + 1))),
      "data",
      /larger than \d+ bytes/,
    ],
    "that approves what nobody listed": [
      () =>
        withModule((sources) => {
          replace(sources, LIST_RULE, "\t\tpermitted(destination)\n", "\t\tis_object(destination)\n");
          // Whom nobody listed has not stood in the list for long either, and nobody saw the bytes.
          replace(sources, COOLING_LIB, PAID_SINCE, 'paid_since(_) := "0"');
          replace(sources, EVIDENCE, "data.approve_unverified == true", "data.approve_unverified == false");
        }),
      "guard",
      /unknown destination/,
    ],
  };

  /** The data with destinations added until it has this many bytes. */
  function filled(dataText: string, bytes: number): Uint8Array {
    const at = dataText.indexOf('"ETH":{', dataText.indexOf('"allowlist":{')) + '"ETH":{'.length;
    const entry = (number: number) => `"0x${number.toString(16).padStart(40, "0")}":{"name":"n"},`;
    const room = bytes - utf8(dataText).length;
    const count = Math.floor(room / entry(0).length);
    const entries = Array.from({ length: count }, (_, number) => entry(number));
    const rest = " ".repeat(room - count * entry(0).length);
    return utf8(dataText.slice(0, at) + entries.join("") + rest + dataText.slice(at));
  }

  const made = new Map<string, Promise<Uint8Array>>();

  /** Each is made once. */
  function broken(title: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const bytes = made.get(title) ?? make();
    made.set(title, bytes);
    return bytes;
  }

  const refused = { status: 30, code: "POLICY_ABSENT" } as const;
  const unlisted = { status: 0, code: "DESTINATION_ALLOWLIST" } as const;

  beforeAll(async () => {
    await open({ release: "./release.tar.gz", poll: "1h" });
    await serve();
  });
  afterAll(close);

  test("that is missing at the start refuses all", async () => {
    await expectRefused(LISTED, refused);
    expect(statusSchema.parse(await admin("/v1/status")).last_release_error?.step).toBe("source");
  });

  test.each(Object.entries(BROKEN))(
    "%s does not go live: all is refused",
    async (title, [make, step, words]) => {
      const { live, changed: swapped, error } = await publish(await broken(title, make));
      expect({ live, swapped }).toEqual({ live: null, swapped: false });
      expect(error?.slice(0, step.length + 2)).toBe(`${step}: `);
      expect(error).toMatch(words);
      expect(await expectRefused(LISTED, refused)).toContain(`the step ${step}`);
    },
  );

  test("with data just below the limit goes live and serves", { timeout: 60_000 }, async () => {
    const full = await changed((files) =>
      files.set("/data.json", filled(textOf(files, "/data.json"), MAX_DATA_BYTES)),
    );
    expect(MAX_DATA_BYTES).toBeGreaterThanOrEqual(20_000_000);
    await expectLive(full);
    await expectApproved(LISTED);
    await expectRefused(UNLISTED, unlisted);
  });

  test("that is good goes live in its place", async () => {
    await expectLive(GOOD);
    await expectApproved(LISTED);
  });

  test.each(Object.entries(BROKEN))("%s never replaces a live one", async (title, [make, step, words]) => {
    const before = statusSchema.parse(await admin("/v1/status")).release;
    const { live, changed: swapped, error } = await publish(await broken(title, make));
    expect({ live, swapped }).toEqual({
      live: expect.objectContaining({ sha256: before?.sha256 }),
      swapped: false,
    });
    expect(error?.slice(0, step.length + 2)).toBe(`${step}: `);
    await expectApproved(LISTED);
    const { release, last_release_error, alarms } = statusSchema.parse(await admin("/v1/status"));
    expect(release).toEqual(before);
    expect(last_release_error?.step).toBe(step);
    expect(last_release_error?.message).toMatch(words);
    const told = alarms.filter(({ code, message }) => code === "RELEASE_REFUSED" && message.startsWith(step));
    expect(told.length).toBeGreaterThan(0);
  });

  test("whose module misspells a code only where it is fulfilled fails these decisions, by the rule's name", async () => {
    const misspelt = await withModule((sources) =>
      replace(
        sources,
        LIST_RULE,
        'require["DESTINATION_ALLOWLIST"] if',
        'require["DESTINATION_ALOWLIST"] if',
      ),
    );
    await expectLive(misspelt);
    const misshapen = { status: 30, code: "POLICY_SHAPE" } as const;
    expect(await expectRefused(LISTED, misshapen)).toContain("transfer/destination_allowlist");
    await expectRefused(UNLISTED, unlisted);
  });
});

/** Rules that build and pass, and go wrong for one request each: its wallet's name says which. */
const RULES: Readonly<Record<string, string>> = {
  conflicts: `two := 1 if input.wallet.name == "conflict"

two := 2 if input.wallet.name == "conflict"

two := 3 if input.wallet.name != "conflict"

require["CONFLICTS"] if two == 3`,
  divides: 'require["DIVIDES"] if 10 / data.divisors[input.wallet.name] >= 1',
  loops: `require["LOOPS"] if ends

ends if input.wallet.name != "loop"

ends if {
	input.wallet.name == "loop"
	${withoutEnd("input.now.ms")}
}`,
  words: `require["WORDS"] if input.wallet.name != "words"

values := {"n": 1} if input.wallet.name == "words"

values := {"n": 2} if input.wallet.name == "words"

message["WORDS"] := "one" if input.wallet.name == "words"

message["WORDS"] := "two" if input.wallet.name == "words"`,
  unseen: `require["EACH_SEEN"] if {
	count([p | some p in input.key.participants; p.status == "Changed"]) == 0
}`,
};

const CODES: Readonly<Record<string, string>> = {
  conflicts: "requires: {CONFLICTS: deny}",
  divides: "requires: {DIVIDES: deny}",
  loops: "requires: {LOOPS: deny}",
  words: "requires: {WORDS: deny}",
  unseen: "requires: {EACH_SEEN: deny}",
  approves: "approves: [APPROVES_UNSEEN]",
};

describe("a decision", () => {
  const NAMES = ["good", "conflict", "zero", "loop", "words", "unseen", "blind"] as const;

  function writeRule(source: string, name: string, body: string): void {
    const folder = join(source, "rules/transfer", name);
    mkdirSync(folder, { recursive: true });
    const metadata = [
      `# title: The rule ${name}`,
      "# custom:",
      "#   severity: critical",
      "#   kinds: [transaction_signing]",
      `#   ${CODES[name]}`,
    ];
    const text = ["# METADATA", ...metadata, `package rules.transfer.${name}`, "", body, ""];
    writeFileSync(join(folder, "rule.rego"), text.join("\n"));
  }

  beforeAll(async () => {
    await open({ release: "./policies" }, { limits: { evaluation: "300ms" } });
    const source = join(installation.folder, "policies");
    cpSync(FEW_RULES_SOURCE, source, { recursive: true });
    const divisors = Object.fromEntries(NAMES.map((name) => [name, name === "zero" ? 0 : 2]));
    mkdirSync(join(source, "divisors"));
    writeFileSync(join(source, "divisors/data.json"), JSON.stringify(divisors));
    for (const [name, body] of Object.entries(RULES)) writeRule(source, name, body);
    // The only approval hangs on a member that a request may lack, and does not look at what it says.
    rmSync(join(source, "rules/transfer/ordinary_transfer"), { recursive: true });
    rmSync(join(source, "rules/transfer/amount_cap"), { recursive: true });
    writeRule(source, "approves", 'approve["APPROVES_UNSEEN"] if not input.transaction.description == "no"');
    await serve();
  });
  afterAll(close);

  interface Changes {
    readonly description?: string;
    /** Of the last node that holds a share. */
    readonly lastStatus?: string;
  }

  /** The listed transfer out of a wallet of this name. */
  function request(
    name: (typeof NAMES)[number],
    { description = "a payment", lastStatus = "Valid" }: Changes = {},
  ): string {
    const made = JSON.parse(LISTED);
    const extra = JSON.parse(made.extra_info);
    extra.wallet.name = name;
    extra.transaction.description = description;
    extra.signer_key_share_holder_group.key_share_holders.at(-1).status = lastStatus;
    return JSON.stringify({ ...made, extra_info: JSON.stringify(extra) });
  }

  const expectGood = (): Promise<void> => expectApproved(request("good"));

  /** Refused by this code, with words that match; the next request is served as ever. @returns the log's line. */
  async function expectFault(
    text: string,
    { status, code, words }: { status: 0 | 30; code: string; words: RegExp },
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    const error = await expectRefused(text, { status, code });
    expect(error).toMatch(words);
    await expectGood();
    const [, id] = / \[(d_\w+)\]$/.exec(error) ?? [];
    const logged = () => running.log.findLast((line) => line["msg"] === "decision" && line["id"] === id);
    // Lines leave the server a moment after the answer.
    for (let tries = 0; logged() === undefined && tries < 100; tries += 1) await sleep(20);
    return logged();
  }

  test("that meets none of the faults is approved", expectGood);

  test("in which a rule's values conflict fails, and names the rule", async () => {
    const words = /rules\/transfer\/conflicts\/rule\.rego:\d+/;
    expect(await expectFault(request("conflict"), { status: 30, code: "POLICY_ERROR", words })).toMatchObject(
      {
        outcome: "failed",
        action: "REJECT",
        rule: "transfer/conflicts",
      },
    );
  });

  test("in which a rule divides by zero is refused by that rule", async () => {
    expect(
      await expectFault(request("zero"), { status: 0, code: "DIVIDES", words: /The rule divides/ }),
    ).toMatchObject({ outcome: "denied", rule: "transfer/divides" });
  });

  test("in which a rule loops is ended in time", async () => {
    const began = performance.now();
    await expectFault(request("loop"), { status: 30, code: "POLICY_TIMEOUT", words: /./ });
    expect(performance.now() - began).toBeLessThan(5_000);
    const metrics = await (await fetch(`http://${running.addresses.admin}/metrics`)).text();
    expect(metrics).toMatch(/^countersign_policy_restarts_total\{reason="timeout"\} 1$/m);
  });

  test("whose rule has words that conflict is refused by its title, without values", async () => {
    expect(
      await expectFault(request("words"), { status: 0, code: "WORDS", words: /: The rule words \[/ }),
    ).toMatchObject({ outcome: "denied", rule: "transfer/words" });
  });

  test("on a document in which one element lacks what a rule reads is refused, by the path", async () => {
    await expectApproved(request("unseen"));
    expect(
      await expectFault(request("unseen", { lastStatus: "" }), {
        status: 0,
        code: "EACH_SEEN",
        words: /could not see key\.participants\.\*\.status/,
      }),
    ).toMatchObject({ rule: "transfer/unseen" });
  });

  test("on a document that lacks what the approval reads is not approved, though Rego approves", async () => {
    await expectApproved(request("blind"));
    await expectFault(request("blind", { description: "" }), {
      status: 0,
      code: "NO_RULE_APPROVES",
      words: /transaction\.description|approve/,
    });
  });
});
