import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAuthority } from "../../../test/support/certificates.ts";
import { type Misbehaviour, pointOf, QueryDouble } from "../../../test/support/query-double.ts";
import { pushKeysOf } from "./keys.ts";
import { QueryClient, type QueryClientOptions, QueryFailure } from "./query-client.ts";
import { QueryConnections } from "./query-http.ts";
import { QueryKey } from "./query-key.ts";
import { answerTime } from "./query-signature.ts";

const COBO = "22".repeat(32);
const SECRET = "204b6ccb1088ae140fed36e2c622c212ff61dc09dabc2391912699db4675f436";
const ID = "20201207150724000192033000003701";
const QUERY = { path: "/v1/custody/transaction/", params: { id: ID } };

async function asking(
  options: Partial<QueryClientOptions> = {},
): Promise<{ double: QueryDouble; client: QueryClient }> {
  const double = await QueryDouble.start(COBO, pointOf(SECRET));
  const client = new QueryClient({
    baseUrl: new URL(double.url),
    key: QueryKey.of(pointOf(SECRET), SECRET, ""),
    connections: new QueryConnections(false),
    verify: answerTime(pushKeysOf(["dev", pointOf(COBO)])),
    now: Date.now,
    timeoutMs: 10_000,
    ...options,
  });
  onTestFinished(async () => {
    client.close();
    await double.close();
  });
  return { double, client };
}

describe("an answer that does not count", () => {
  test.each<[Misbehaviour, RegExp]>([
    ["unsigned", /^HTTP 200 without a good signature$/],
    ["other_key", /^HTTP 200 without a good signature$/],
    ["changed_body", /^HTTP 200 without a good signature$/],
    ["changed_timestamp", /^HTTP 200 without a good signature$/],
    ["one_header", /^HTTP 200 without a good signature$/],
    ["contradicting_headers", /^HTTP 200 without a good signature$/],
    ["stale", /^an answer whose time is 60 minutes from ours$/],
    ["ahead", /^an answer whose time is 60 minutes from ours$/],
    ["silent", /^no answer within 300 ms$/],
    ["endless", /^no answer within 300 ms$/],
    ["too_long", /^an answer of more than 1048576 bytes$/],
    ["cut_off", /^no answer \(ECONNRESET\)$/],
    ["redirect", /^HTTP 302: redirections are not followed$/],
    ["not_json", /^a signed answer that is not understood \(HTTP 200\)$/],
    ["not_utf8", /^a signed answer that is not understood \(HTTP 200\)$/],
    ["twice_a_key", /^a signed answer that is not understood \(HTTP 200\)$/],
    ["other_shape", /^a signed answer that is not understood \(HTTP 200\)$/],
  ])("%s", async (misbehaviour, message) => {
    const timeoutMs = ["silent", "endless"].includes(misbehaviour) ? 300 : 10_000;
    const { double, client } = await asking({ timeoutMs });
    double.on("transaction", ID, { result: { id: ID } });
    double.misbehaviour = misbehaviour;
    const failure = await client.ask(QUERY).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(QueryFailure);
    expect(failure).toMatchObject({ message: expect.stringMatching(message), refused: false });
    expect(double.followed).toBe(0);
    // The next one is as good as any.
    double.misbehaviour = undefined;
    expect(await client.ask(QUERY)).toMatchObject({ known: true });
  });

  test("from somebody with a certificate that nobody vouches for", async () => {
    const { cert, key } = createAuthority().issue("double");
    const tls = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
    const stranger = await QueryDouble.start(COBO, pointOf(SECRET), tls);
    onTestFinished(() => stranger.close());
    const { client } = await asking({
      baseUrl: new URL(stranger.url),
      connections: new QueryConnections(true),
      timeoutMs: 5_000,
    });
    await expect(client.ask(QUERY)).rejects.toThrow(/^no answer \(UNABLE_TO_[A-Z_]+\)$/);
    expect(stranger.seen).toEqual([]);
  });

  test("from nobody", async () => {
    const { double, client } = await asking({ baseUrl: new URL("http://127.0.0.1:1") });
    await expect(client.ask(QUERY)).rejects.toThrow("no answer (ECONNREFUSED)");
    expect(double.seen).toEqual([]);
  });

  test.each([
    [429, false],
    [500, false],
    [502, false],
    [401, true],
    [403, true],
  ])("HTTP %i of a proxy: whether our key is the reason is %s", async (status, refused) => {
    const { double, client } = await asking();
    double.on("transaction", ID, { status, signed: false });
    await expect(client.ask(QUERY)).rejects.toMatchObject({
      message: expect.stringMatching(`^HTTP ${status} without a good signature`),
      refused,
    });
  });

  test.each([
    [1000, "error 1000: no"],
    [1010, "error 1010: no"],
    [12006, "error 12006: Cobo refuses our address: it is not whitelisted"],
    [1005, "error 1005: Cobo refuses our nonce: compare the clocks"],
  ])("a signed error %i", async (error, message) => {
    const { double, client } = await asking();
    double.on("transaction", ID, { error });
    await expect(client.ask(QUERY)).rejects.toThrow(message);
  });

  test("words of Cobo's that are long, or no plain text", async () => {
    const { double, client } = await asking();
    double.on("transaction", ID, { error: 1000, words: `\n\u001b[2J${"x".repeat(1_000)}` });
    const failure = await client.ask(QUERY).catch((error: unknown) => String(error));
    expect(failure).toMatch(/^QueryFailure: error 1000: \?\?\[2Jx{195}$/);
  });

  test("to a key that is not ours", async () => {
    const other = "33".repeat(32);
    const { client } = await asking({ key: QueryKey.of(pointOf(other), other, "") });
    await expect(client.ask(QUERY)).rejects.toMatchObject({
      message: "error 12001: Cobo refuses our signature",
      refused: true,
    });
  });

  test("after the end", async () => {
    const { double, client } = await asking({ timeoutMs: 10_000 });
    double.misbehaviour = "silent";
    const asked = client.ask(QUERY);
    await expect.poll(() => double.seen.length).toBe(1);
    client.close();
    await expect(asked).rejects.toThrow("the server stops");
  });
});

test("a transaction that Cobo knows, and one that it does not", async () => {
  const { double, client } = await asking();
  double.on("transaction", ID, { result: { id: ID, amount: "1" } });
  expect(await client.ask(QUERY)).toMatchObject({ known: true, result: { id: ID, amount: "1" } });
  expect(await client.ask({ ...QUERY, params: { id: "1" } })).toEqual({ known: false });
  expect(double.seen.map(({ path, search }) => path + search)).toEqual([
    `/v1/custody/transaction/?id=${ID}`,
    "/v1/custody/transaction/?id=1",
  ]);
});

test("no two questions have one nonce, also within a millisecond and when the clock is set back", async () => {
  const times = [1_700_000_000_000, 1_700_000_000_000, 1_600_000_000_000];
  // The answer's time is of a clock that runs on.
  const { double, client } = await asking({
    now: () => times.shift() ?? Date.now(),
    verify: () => Date.now(),
  });
  double.on("transaction", ID, { result: { id: ID } });
  await Promise.allSettled([client.ask(QUERY), client.ask(QUERY), client.ask(QUERY)]);
  expect(double.seen.map(({ nonce }) => Number(nonce) - 1_700_000_000_000).sort()).toEqual([0, 1, 2]);
});
