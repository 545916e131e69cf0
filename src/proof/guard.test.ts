import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { withoutEnd } from "../../test/support/endless-rego.ts";
import { compileRego, indexedRule, releaseOf as read, ruleIndex } from "../../test/support/policy.ts";
import { releaseOf } from "../../test/support/rego.ts";
import { activateRelease } from "../policy/activate.ts";
import { parseData, parseHostData } from "../policy/data-types.ts";
import type { LiveRelease } from "../policy/live.ts";
import { ANSWERS_NOBODY } from "../policy/prover.ts";
import { LateReleaseError } from "../policy/release.ts";
import { type GuardContext, type GuardFinding, guardFindings, proveGuarded } from "./guard.ts";
import { randomAddress } from "./stranger.ts";

const KINDS_OF = {
  transfer: ["transaction_signing", "withdrawal_confirmation"],
  message: ["message_signing"],
  key: ["key_generation", "key_reshare", "key_share_signing"],
} as const;

/**
 * One rule a group that approves where its condition holds, with entrypoints of its own: a hostile author needs no build
 * of ours, and the tests need not wait for it.
 */
async function handmade(
  conditions: Partial<Record<keyof typeof KINDS_OF, string>>,
  data = "{}",
  facts = "{}",
): Promise<LiveRelease> {
  const groups = (["transfer", "message", "key"] as const).filter((group) => group in conditions);
  const files = groups.map((group) => {
    const text = `approve["YES"] if {\n\tinput.kind\n\t${conditions[group] ?? ""}\n}`;
    return [`rules/${group}/any/rule.rego`, `package rules.${group}.any\n\n${text}\n`];
  });
  const decisions = groups.map(
    (group) =>
      `decision := {"any": {"approve": data.rules.${group}.any.approve}} if input.group == "${group}"`,
  );
  const entry = [
    "package countersign",
    ...decisions,
    'explain["none"] := {} if input.never',
    `facts := ${facts}`,
  ];
  const rules = groups.map((group) =>
    indexedRule(`${group}/any`, [{ code: "YES", part: "approve" }], { group, kinds: [...KINDS_OF[group]] }),
  );
  const value = parseData(JSON.stringify(parse(data)));
  const release = {
    wasm: compileRego({ "countersign/entry.rego": entry.join("\n\n"), ...Object.fromEntries(files) }),
    index: ruleIndex(rules),
    data: value,
    hostData: parseHostData(value),
  };
  const live = await activateRelease(read(release), {
    source: "test",
    prover: ANSWERS_NOBODY,
    evaluationMs: 1_000,
  });
  onTestFinished(() => live.engine.close());
  return live;
}

const EVERYTHING = { transfer: "true", message: "true", key: "true" };

const TOKENS = `tokens:
  ETH: {chain: ETH, decimals: 18}
  USDT: {chain: ETH, contract: "0xdac17f958d2ee523a2206206994597c13d831ec7", decimals: 6}
  BASE: {chain: BASE_ETH, decimals: 18}
  BTC: {chain: BTC, decimals: 8}
  TRX: {chain: TRON, decimals: 6}
  SOL: {chain: SOL, decimals: 9}
  ATOM: {chain: COSMOS, decimals: 6}
  XLM: {chain: STELLAR, decimals: 7}
  ODD: {chain: NOWHERE, decimals: 0}
chains:
  BASE_ETH: {family: evm, id: 8453}
  COSMOS: {family: cosmos}
  STELLAR: {family: stellar}
`;

async function found(release: LiveRelease, context: GuardContext = {}): Promise<GuardFinding[]> {
  const all: GuardFinding[] = [];
  for await (const finding of guardFindings(release, context)) all.push(finding);
  return all;
}

const codesOf = ({ reasons }: GuardFinding) => reasons.map(({ code }) => code);

const refused = (live: LiveRelease) => expect(proveGuarded(live)).rejects;

describe("a release that approves everything", () => {
  it.each([
    ["with tokens on chains of every family", TOKENS],
    ["without any table", "allowlist: {}\n"],
  ])("%s approves what is the policy's to refuse, and nothing of the host's", async (_name, data) => {
    const release = await handmade(EVERYTHING, data);
    const findings = await found(release, { sources: ["node-7"], scope: { wallets: ["w-1", "w-2"] } });
    for (const finding of findings) {
      if (finding.host === undefined) expect(finding).toMatchObject({ outcome: "approved", reasons: [] });
      else expect({ ...finding, codes: codesOf(finding) }).toMatchObject({ codes: [finding.host] });
    }
    const codes = new Set(findings.flatMap(({ host }) => host ?? []));
    const always = ["FROZEN", "OUT_OF_SCOPE", "NOT_A_PARTICIPANT", "REQUEST_TYPE_UNKNOWN", "KIND_UNKNOWN"];
    expect([...codes].sort()).toEqual([...always, ...(data === TOKENS ? ["EVIDENCE_MISMATCH"] : [])].sort());
  });

  it("does not go live", async () => {
    await refused(await handmade(EVERYTHING, TOKENS)).toMatchObject({
      step: "guard",
      message: "the policy approves a transfer to an unknown destination without evidence (ETH)",
    });
  });

  // What the host's requests could be known by, and are not.
  it.each([
    [
      "what is named after the guard",
      'every id in [input.request.id, input.request.source] { not contains(id, "guard") }',
    ],
    ["the organization of nobody", 'input.organization.id != "guard"'],
    ["tiny amounts", 'to_number(object.get(input.transaction.destinations[0].amount, "units", 2)) != 1'],
    ["what is asked at this time", 'input.now.date != "1970-01-01"'],
    ["whoever never paid", 'input.facts.any.made != "0"'],
    ["whoever paid before", 'input.facts.any.made == "0"'],
    ["what comes by the web", 'input.initiator.type != "Web"'],
    ["what has no names", "count(input.wallet.name) > 0"],
    ["what has no fee", "input.transaction.fee.gas_limit"],
    ["tokens of no use", "input.transaction.token in object.keys(data.tokens)"],
    ["payers without a key", 'input.evidence.key == "verified"'],
  ])("but %s does not go live", async (_name, condition) => {
    const facts = '{"transfer": {"any": {"made": {"kind": "count", "by": ["wallet.id"]}}}}';
    await refused(await handmade({ transfer: condition }, TOKENS, facts)).toMatchObject({ step: "guard" });
  });

  // What every real request has.
  it.each([
    ["what says what it is for", 'input.transaction.description != ""'],
    ["vaults with names", "input.wallet.vault_name; input.wallet.project_name"],
    ["vaults younger than their organization", "input.vault.created_at > input.organization.created_at"],
    [
      "groups that are there since yesterday",
      "input.key.group.created_at < input.request.received_at - 86400000",
    ],
    ["vaults with keys for all chains", "count(input.vault.root_public_keys) > 1"],
    ["the usual paths", 'startswith(input.signing.paths[0], "m/44/60/0/0/")'],
    ["no dust", "to_number(input.transaction.total_usd_micros) >= 1000000"],
    ["legacy fees", "input.transaction.fee.gas_price"],
    ["much gas", "to_number(input.transaction.fee.gas_limit) < 90000"],
    ["wallets of users", 'input.wallet.subtype == "User-Controlled"'],
    ["calls", 'input.transaction.type == "ContractCall"'],
    [
      "a program at work of one who always pays",
      `input.evidence.status == "absent"
	input.initiator.type == "API"
	input.now.weekday in {"mon", "tue", "wed", "thu", "fri"}
	input.now.hour >= 9
	input.now.hour < 17
	input.facts.any.made != "0"`,
    ],
    ["nobody new on a weekend", 'input.now.weekday in {"sat", "sun"}; input.facts.any.made == "0"'],
  ])("nor do %s, where there is one token alone", async (_name, condition) => {
    const facts = '{"transfer": {"any": {"made": {"kind": "count", "by": ["wallet.id"]}}}}';
    await refused(
      await handmade({ transfer: condition }, "tokens: {ETH: {chain: ETH, decimals: 18}}", facts),
    ).toMatchObject({ step: "guard" });
  });

  it("nor does one of its tokens alone", async () => {
    const ids = Array.from({ length: 20 }, (_, at) => `USD${at}`);
    const tokens = ids.map(
      (id) => `  ${id}: {chain: ETH, contract: "${randomAddress("evm")}", decimals: 6}\n`,
    );
    const transfer = 'input.transaction.token == "USD13"';
    await refused(await handmade({ transfer }, `tokens:\n${tokens.join("")}`)).toMatchObject({
      step: "guard",
      message: expect.stringContaining("(USD13)"),
    });
  });

  it("nor does what nobody can read, of a token or for the tables", async () => {
    const usdt =
      '  USDT: {chain: ETH, contract: "0xdac17f958d2ee523a2206206994597c13d831ec7", decimals: 6}\n';
    const unread = 'input.transaction.token == "USDT"\n\tinput.evidence.status == "undecodable"';
    await refused(await handmade({ transfer: unread }, `tokens:\n${usdt}`)).toMatchObject({
      message: expect.stringContaining("whose bytes nobody can read (USDT)"),
    });
    const unasked = await handmade({ transfer: "false" }, "tokens: {ETH: {chain: ETH, decimals: 255}}\n");
    await refused(unasked).toMatchObject({
      step: "guard",
      message: expect.stringMatching(
        /^with the release's tables nobody can read a transfer .*REQUEST_SCHEMA/,
      ),
    });
  });

  it.each([
    ["nodes whose state is known", 'every each in input.key.participants { each.status == "Valid" }'],
    ["what is recovered", 'input.tss_request.type == "Recovery"'],
    ["another group than the old one", "input.key.old_group.id != input.key.group.id"],
    ["what was asked before it came", "input.tss_request.created_at < input.request.received_at"],
  ])("nor do shares of a key for %s", async (_name, condition) => {
    const key = `input.kind == "key_reshare"\n\t${condition}`;
    await refused(await handmade({ key })).toMatchObject({ step: "guard" });
  });
});

/** The only ones that are paid, or hold keys. */
const DATA = `allowlist: {"0x0f76f604fd7762bd94b48ca2523f69ab9665c97f": true}\nnodes: {coboNODE1: true}\n${TOKENS}`;

describe("a release does not go live that approves", () => {
  const listed = "every each in input.transaction.destinations { data.allowlist[each.address] }";
  const nodes = "every each in input.key.participants { data.nodes[each.node] }";

  it.each<[string, RegExp, Parameters<typeof handmade>[0], Parameters<typeof handmade>[0]]>([
    [
      "the words alone",
      /a transfer to an unknown destination without evidence/,
      { transfer: 'input.evidence.status in {"verified", "absent"}' },
      { transfer: listed },
    ],
    [
      "bytes that nobody can read",
      /whose bytes nobody can read/,
      { transfer: 'input.evidence.status in {"verified", "undecodable"}' },
      { transfer: 'input.evidence.status == "verified"' },
    ],
    [
      "withdrawals to a stranger before they are signed",
      /a confirmation of a withdrawal to an unknown destination/,
      {
        transfer: 'input.kind == "withdrawal_confirmation"\n\tinput.transaction.destinations[_].amount.units',
      },
      { transfer: `input.kind == "withdrawal_confirmation"\n\t${listed}` },
    ],
    [
      "messages of which nobody shows what they say",
      /a message of which nobody shows/,
      { message: "true" },
      { message: 'input.evidence.status == "verified"' },
    ],
    [
      "a key for nodes that nobody has listed",
      /a key for unknown nodes/,
      { key: 'input.kind == "key_generation"\n\tinput.key.threshold == 2' },
      { key: nodes },
    ],
    [
      "shares for nodes that nobody has listed",
      /the shares of a key for unknown nodes/,
      { key: 'input.kind == "key_reshare"\n\tinput.key.threshold == 2' },
      { key: `input.kind == "key_reshare"\n\t${nodes}` },
    ],
  ])("%s", async (_name, message, bad, good) => {
    await refused(await handmade(bad, DATA)).toMatchObject({
      step: "guard",
      message: expect.stringMatching(message),
    });
    await proveGuarded(await handmade(good, DATA));
  });

  it("bytes that it has read as those of another chain", async () => {
    const usdt =
      'tokens: {USDT: {chain: ETH, contract: "0xdac17f958d2ee523a2206206994597c13d831ec7", decimals: 6}}\n';
    const seen = { transfer: 'input.evidence.status in {"verified", "unsupported"}' };
    await proveGuarded(await handmade(seen, usdt));
    await refused(
      await handmade(seen, `${usdt}chains: {ETH: {family: stellar}, MNT: {family: evm, id: 1}}\n`),
    ).toMatchObject({
      step: "guard",
      message: expect.stringContaining("whose bytes"),
    });
  });

  it("what is asked of history and lists hides no approval of a stranger", async () => {
    const limited = (name: string, custom: string, body: string) => {
      const lines = ["title: A rule", "custom:", "  severity: high", "  kinds: [transaction_signing]"];
      const metadata = [...lines, `  ${custom}`].map((line) => `# ${line}`).join("\n");
      return `# METADATA\n${metadata}\npackage rules.transfer.${name}\n\n${body}\n`;
    };
    const files = (paid: string, list: string, isKnown: boolean) => ({
      "data.yaml": "approve_unverified: true\n",
      "rules/transfer/pays/rule.rego": limited(
        "pays",
        "approves: [PAYS]",
        'approve["PAYS"] if input.transaction.id',
      ),
      "rules/transfer/limit/rule.rego": limited(
        "limit",
        "requires: {LIMIT: deny}",
        `import data.lib.amount

facts["spent"] := {"kind": "sum", "of": "units", "by": ["wallet.id", "transaction.token"], "window": "24h"}

facts["paid"] := {"kind": "count", "by": ["transaction.destinations[].address"]}

require["LIMIT"] if {
	amount.int(input.facts.limit.spent) < 1000
	every destination in input.transaction.destinations {
		amount.int(input.facts.limit.paid[destination.address]) ${paid}
	}
}`,
      ),
      "rules/transfer/flags/rule.rego": limited(
        "flags",
        "requires: {FLAGGED: deny}",
        `facts["sources"] := {"kind": "flags", "by": ["transaction.sources[].address"]}

require["FLAGGED"] if {
	every source in input.transaction.sources {
		input.facts.flags.sources[source.address].known == ${isKnown}
		every flag in input.facts.flags.sources[source.address].open {
			flag.severity == "low"
		}
	}
}`,
      ),
      "rules/transfer/list/rule.rego": limited(
        "list",
        "requires: {LIST: deny}",
        `require["LIST"] if {
	is_object(input.lists.known)
	every destination in input.transaction.destinations {
		${list} input.lists.known[destination.address]
	}
}`,
      ),
    });
    await expect(releaseOf(files(">= 0", "not", false))).rejects.toMatchObject({ step: "guard" });
    // Somebody pays from there every day.
    await expect(releaseOf(files(">= 0", "not", true))).rejects.toMatchObject({ step: "guard" });
    // One of them looks for something that a stranger lacks.
    for (const guarded of [files("> 0", "not", false), files(">= 0", "", false)]) {
      const live = await releaseOf(guarded);
      await live.engine.close();
    }
  });
});

describe("a release that can't be asked", () => {
  it("is refused where it fails, and may be asked again where it took too long", async () => {
    const endless = `input.transaction.nonce
	${withoutEnd("input.never")}`;
    await expect(proveGuarded(await handmade({ transfer: endless }, TOKENS))).rejects.toThrow(
      LateReleaseError,
    );
    const broken = await handmade({ transfer: "true" }, TOKENS);
    await broken.engine.close();
    await refused(broken).toMatchObject({
      step: "guard",
      message: expect.stringMatching(/^the policy fails on a transfer/),
    });
  });
});

it("everything is made up anew", async () => {
  const release = await handmade(EVERYTHING, TOKENS);
  const seen: string[] = [];
  const evaluate = release.engine.evaluate.bind(release.engine);
  release.engine.evaluate = (entrypoint, input) => {
    seen.push(input);
    return evaluate(entrypoint, input);
  };
  await found(release, { sources: ["node-7"], zone: "Asia/Tokyo", scope: { wallets: ["w-1"] } });
  const half = seen.length;
  await found(release, { sources: ["node-7"], zone: "Asia/Tokyo", scope: { wallets: ["w-1"] } });
  const [one, two] = [seen.slice(0, half), seen.slice(half)].map((texts) => texts.join("\n"));
  expect(half).toBeGreaterThan(15);
  // As words: keys and ids are random letters, and four of them may be any.
  expect(one).not.toMatch(/(?<![A-Za-z0-9])(?:[Gg]uard|GUARD|[Ss]tranger|STRANGER|[Tt]est|TEST)/);
  expect(one).toContain('"source":"node-7"');
  expect(one).toContain('"wallet":{"id":"w-1"');
  expect(one).toContain('"zone":"Asia/Tokyo"');
  // Ids, names, hashes, keys and addresses of the one are nowhere in the other.
  const long = (text = ""): Set<string> => new Set(text.match(/[A-Za-z0-9-]{20,}/g));
  const common = [...long(one)].filter((id) => long(two).has(id));
  expect(common).toEqual([]);
});
