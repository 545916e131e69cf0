import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runInside } from "../../test/support/command-inside.ts";
import { MAIN } from "../../test/support/installation.ts";

const RELEASE = "bundles/demo.tar.gz";
const LISTED = "bundles/demo/requests/listed-transfer.json";
const UNLISTED = "bundles/demo/requests/unlisted-transfer.json";
const folder = mkdtempSync(join(tmpdir(), "eval-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** Runs `eval`: with an input in a process of its own, where Node gives a socket, which no path leads to. */
function evaluate(options: readonly string[], input?: string): Promise<Run> {
  if (input === undefined) return runInside("eval", ...options);
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, "eval", ...options], (error, out, errors) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, out, errors });
    });
    child.stdin?.end(input);
  });
}

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const SEEN = {
  "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f": "0",
  "0x66f820a414680b5bcda5eeca5dea238543f42054": "0",
};
const UNFLAGGED = { known: false, open: [] };
const FROM = { "0xdc05cb2b67b790903807bf106148a1a62b048b30": "0" };
/** What the demo's rules ask of history: nothing was ever paid. */
const FACTS = {
  daily_limit: { spent: "0", spent_from: FROM },
  token_limit: { spent: { ETH: "0" }, spent_from: FROM },
  payment_count: { made: "0", made_from: FROM },
  new_destination: { paid: SEEN },
  repeated_payment: { number: SEEN, total: SEEN, first: SEEN, last: SEEN, any: SEEN },
  flagged_funds: { flags: { "0xdc05cb2b67b790903807bf106148a1a62b048b30": UNFLAGGED } },
  flagged_recipient: {
    flags: {
      "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f": UNFLAGGED,
      "0x66f820a414680b5bcda5eeca5dea238543f42054": UNFLAGGED,
    },
    paid: SEEN,
  },
};

const priced = (usd: string) => written(`${usd}.json`, JSON.stringify({ ETH: { usd, at: 0 } }));
const REMEMBERED = ["--facts", written("facts.json", JSON.stringify(FACTS))];
const UNLISTED_BY = ["--lists", written("lists.json", '{"sanctions":{}}')];
/** All that a server would give a request. */
const GIVEN = [...REMEMBERED, ...UNLISTED_BY, "--prices", priced("3000")];

test("the decision: 0 where it is approved, 1 where not, one object with --json", async () => {
  expect(await evaluate([RELEASE, "--request", LISTED, ...GIVEN])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^approved {2}transaction_signing/),
  });
  const { code, out } = await evaluate([RELEASE, "--request", UNLISTED, "--json", ...GIVEN]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    outcome: "denied",
    action: "REJECT",
    reasons: [
      { rule: "transfer/destination_allowlist", code: "DESTINATION_ALLOWLIST" },
      { rule: "transfer/allowlist_cooling_off", code: "ALLOWLIST_COOLING_OFF" },
    ],
  });
});

test("history, lists and prices are what is given, and nothing else", async () => {
  const codesOf = async (...given: string[]) => {
    const { out } = await evaluate([RELEASE, "--request", LISTED, "--json", ...given]);
    const { reasons } = JSON.parse(out);
    return reasons.map(({ code }: { code: string }) => code);
  };
  expect(await codesOf(...REMEMBERED, ...UNLISTED_BY)).toEqual(
    expect.arrayContaining(["DAILY_LIMIT", "DAILY_SOFT_LIMIT", "NEW_DESTINATION"]),
  );
  expect(await codesOf(...UNLISTED_BY, "--prices", priced("3000"))).toContain("TOKEN_LIMIT");
  expect(await codesOf(...REMEMBERED, "--prices", priced("3000"))).toEqual(["SANCTIONS"]);
  // 0.0001 of it: more than 1.30 dollars is held by the demo's daily limit, more than 1.40 refused.
  expect(await codesOf(...REMEMBERED, ...UNLISTED_BY, "--prices", priced("13000"))).toEqual([]);
  expect(await codesOf(...REMEMBERED, ...UNLISTED_BY, "--prices", priced("13000.1"))).toEqual([
    "HELD",
    "DAILY_SOFT_LIMIT",
  ]);
  expect(await codesOf(...REMEMBERED, ...UNLISTED_BY, "--prices", priced("14000.1"))).toContain(
    "DAILY_LIMIT",
  );
});

test("a request from standard input", async () => {
  const approved = await evaluate([RELEASE, "--request", "-", ...GIVEN], readFileSync(LISTED, "utf8"));
  expect(approved).toMatchObject({ code: 0, errors: "" });
  const unusable = await evaluate([RELEASE, "--request", "-", "--json"], '{"a":');
  expect(unusable.code).toBe(1);
  expect(JSON.parse(unusable.out)).toMatchObject({
    outcome: "unusable",
    reasons: [{ code: "REQUEST_JSON" }],
  });
});

test("the channel says which payload is expected", async () => {
  const { code, out } = await evaluate([RELEASE, "--request", LISTED, "--channel", "tss.v1", "--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ reasons: [{ code: "PAYLOAD_VERSION" }] });
});

test.each(["2026-01-04T10:00:00Z", "2026-01-04T11:00:00.000+01:00", "1767520800000"])(
  "the clock of --now %s",
  async (now) => {
    const { out } = await evaluate([RELEASE, "--request", LISTED, "--now", now, "--json"]);
    expect(JSON.parse(out).at).toBe(1_767_520_800_000);
  },
);

describe("wrong usage ends in 2 and says what to change", () => {
  test.each([
    [["--now", "2026-01-02"], /neither RFC 3339 nor milliseconds/],
    [["--now", "March 7"], /neither RFC 3339 nor milliseconds/],
    [["--now", "9007199254740991"], /neither RFC 3339 nor milliseconds/],
    [["--now", "2026-13-01T00:00:00Z"], /neither RFC 3339 nor milliseconds/],
    [["--channel", "waas2.webhook"], /one of tss\.v2, .*not built yet/],
    [["--facts", "/nowhere.json"], /^\/nowhere\.json: cannot be read \(ENOENT\)/],
    [["--facts", written("bad.json", "{")], /bad\.json: not JSON/],
    [["--lists", written("list.json", "[]")], /^lists: /],
    [["--prices", "/nowhere.json"], /^\/nowhere\.json: cannot be read \(ENOENT\)/],
    [["--prices", written("array.json", "[]")], /array\.json: it is no JSON object of prices by token/],
    [["--prices", written("twice.json", '{"ETH":1,"ETH":1}')], /twice\.json: /],
    [["--prices", written("number.json", '{"ETH":{"usd":3000,"at":0}}')], /ETH: usd is no string/],
  ])("%j", async (options, message) => {
    const { code, errors } = await evaluate([RELEASE, "--request", LISTED, ...options]);
    expect(errors).toMatch(message);
    expect(code).toBe(2);
  });

  test("a release's URL: nothing is downloaded here", async () => {
    const { code, errors } = await evaluate(["https://example.com/r.tar.gz", "--request", LISTED]);
    expect({ code, errors }).toEqual({ code: 2, errors: expect.stringMatching(/download it first/) });
  });

  test("a request or a release that is not there", async () => {
    for (const [release, request] of [
      [RELEASE, "/nowhere"],
      ["/nowhere", LISTED],
    ] as const) {
      const { code, out } = await evaluate([release, "--request", request, "--json"]);
      expect({ code, error: JSON.parse(out).error }).toEqual({
        code: 2,
        error: "/nowhere: cannot be read (ENOENT)",
      });
    }
  });
});
