import { describe, expect, it } from "vitest";
import { parseSelfTests, SELF_TEST_LIMITS, type SelfTest, selfTestsText } from "./self-tests.ts";

const CASE: SelfTest = {
  title: "nobody is paid",
  place: "cases/payments.yaml:3",
  channel: "tss.v2",
  request: "{}",
  now: 1_756_953_990_112,
  prices: { ETH: "3000.5" },
  lists: { sanctions: { "0xaa": { name: "somebody" } } },
  facts: { daily_limit: { spent: "0" } },
  expect: { outcome: "denied", codes: ["DESTINATION_ALLOWLIST"] },
};

const refusal = (value: unknown) => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return expect(() => parseSelfTests(text));
};
const refused = (message: string | RegExp) =>
  expect.objectContaining({ step: "self_test", message: expect.stringMatching(message) });

describe("cases of an archive are refused", () => {
  it.each<[string, unknown, string | RegExp]>([
    ["that are no JSON", "[", /^\/cases\.json: /],
    ["that are no list", {}, "no list of cases"],
    ["with a member twice", '[{"title":"a","title":"b"}]', /cases\.json: .*twice/],
    ["with a member that nobody knows", [{ ...CASE, also: 1 }], /^case 1: .*also/],
    ["without a title", [{ ...CASE, title: "" }], "case 1: title"],
    ["with a title twice", [CASE, CASE], 'case 2: "nobody is paid" is there twice'],
    ["of a channel that can't be judged", [{ ...CASE, channel: "waas2.webhook" }], "case 1: channel"],
    ["without a clock", [{ ...CASE, now: "2025-01-01T00:00:00Z" }], "case 1: now"],
    ["with a price that is no decimal", [{ ...CASE, prices: { ETH: "3e3" } }], "case 1: prices.ETH"],
    [
      "with a fact of no shape",
      [{ ...CASE, facts: { daily_limit: { spent: 0 } } }],
      "case 1: facts.daily_limit.spent",
    ],
    [
      "with a list that says nothing",
      [{ ...CASE, lists: { own: { "0xaa": false } } }],
      "case 1: lists.own.0xaa",
    ],
    ["that want a failure", [{ ...CASE, expect: { outcome: "failed" } }], "case 1: expect.outcome"],
    [
      "that want of a request what comes of a push",
      [{ ...CASE, expect: { outcome: "flagged" } }],
      "flagged comes of no tss.v2",
    ],
    [
      "that want of a push what comes of a request",
      [{ ...CASE, channel: "push.mpc" }],
      "denied comes of no push.mpc",
    ],
    [
      "that want what is no code",
      [{ ...CASE, expect: { outcome: "denied", codes: ["no"] } }],
      "case 1: expect.codes.0",
    ],
    ["that are too deep", `${"[".repeat(100)}${"]".repeat(100)}`, /^\/cases\.json: /],
    [
      "with a request that is too large",
      [{ ...CASE, request: "x".repeat(SELF_TEST_LIMITS.requestBytes + 1) }],
      "case 1: request",
    ],
    [
      "of which there are too many",
      Array(SELF_TEST_LIMITS.cases + 1).fill(0),
      "there are 1001 cases, at most 1000",
    ],
    [
      "that are too long",
      " ".repeat(SELF_TEST_LIMITS.totalBytes + 1),
      /the cases have \d+ bytes, at most 4194304/,
    ],
  ])("%s", (_name, value, message) => {
    refusal(value).toThrow(refused(message));
  });
});

it("cases are read as they were written", () => {
  const push: SelfTest = { ...CASE, title: "told", channel: "push.mpc", expect: { outcome: "flagged" } };
  expect(parseSelfTests(selfTestsText([CASE, push]))).toEqual([CASE, push]);
  expect(parseSelfTests(selfTestsText([]))).toEqual([]);
});
