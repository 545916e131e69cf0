/** What Cobo pushes is asked about, at a double of its query API, by the real process. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isJsonObject, type JsonObject, parseStrictJson } from "../../src/input/strict-json.ts";
import { createAuthority } from "../support/certificates.ts";
import { bodyOf, COBO, custodialDeposit, type Message, mpcDeposit } from "../support/push-double.ts";
import { pointOf, QueryDouble } from "../support/query-double.ts";
import { LISTED, PushSite } from "./site.ts";

const SECRET = "33".repeat(32);
const POLL = { timeout: 30_000 };

let double: QueryDouble;
let site: PushSite;

beforeAll(async () => {
  double = await QueryDouble.start(COBO.privateKey, pointOf(SECRET));
  site = new PushSite({ push: { keys: [COBO.point], query: queryOf(double.url) } });
  site.installation.write("waas1.key", `${SECRET}\n`);
  await site.startWithRules();
});
afterAll(async () => {
  await site.remove();
  await double.close();
});

function queryOf(base_url: string) {
  return { api: "waas1", base_url, key: pointOf(SECRET), secret_file: "./waas1.key" };
}

/** As Cobo's API has it. */
function resultOf(message: Message): JsonObject {
  const value = parseStrictJson(bodyOf(message));
  if (!isJsonObject(value)) throw new Error("no object");
  return value;
}

/** What was found of a push when it was judged again: the codes of its flags. */
function judgements(seq: number): readonly (readonly string[])[] {
  return site
    .since(seq)
    .filter(({ type }) => type === "judgement")
    .map(({ flags }) => flags?.map(({ code }) => code) ?? []);
}

test("a deposit that Cobo knows otherwise is flagged and alarmed", async () => {
  const before = site.newest;
  const deposit = custodialDeposit({ id: "1" });
  double.on("transaction", "1", { result: resultOf({ ...deposit, amount: "1", abs_amount: "0.000001" }) });
  expect(await site.cobo.send(deposit)).toMatchObject({ status: 200, body: "ok" });
  await expect.poll(() => judgements(before), POLL).toEqual([["QUERY_MISMATCH"]]);
  const { alarms } = await site.status();
  expect(alarms.find(({ code }) => code === "QUERY_MISMATCH")?.message).toMatch(
    /amount was pushed as 25, and is 0\.000001/,
  );
  const queried = () => site.running.log.find(({ msg }) => msg === "push queried");
  await expect.poll(queried).toMatchObject({ result: "mismatch" });
});

test("one that Cobo confirms, of either shape; its rules are asked once more", async () => {
  const before = site.newest;
  const [custodial, mpc] = [
    custodialDeposit({ id: "2" }),
    mpcDeposit({ cobo_id: "3", from_address: LISTED }),
  ];
  double.on("transaction", "2", { result: resultOf(custodial) });
  double.on("mpc", "3", { result: { total: 1, transactions: [resultOf(mpc)] } });
  await site.cobo.send(custodial);
  await expect.poll(() => judgements(before), POLL).toEqual([[]]);
  await site.cobo.send(mpc);
  await expect.poll(() => judgements(before), POLL).toEqual([[], []]);
  const [, , , listed] = site.since(before);
  expect(listed).toMatchObject({ type: "judgement", outcome: "flagged", reasons: [{ code: "LISTED" }] });
  expect(await site.metric("push_queries_total")).toMatchObject({ 'result="confirmed"': 2 });
});

test("what was not asked when the process was killed is asked by the next one, and nothing else", async () => {
  const before = site.newest;
  const deposit = custodialDeposit({ id: "4" });
  double.on("transaction", "4", { result: resultOf(deposit) });
  double.misbehaviour = "unsigned";
  expect(await site.cobo.send(deposit)).toMatchObject({ status: 200, body: "ok" });
  await expect.poll(() => double.seen.some(({ search }) => search === "?id=4"), POLL).toBe(true);
  await site.running.stop("SIGKILL");
  double.misbehaviour = undefined;
  double.seen.length = 0;
  await site.start();
  await expect.poll(() => judgements(before), POLL).toEqual([[]]);
  expect(double.seen.map(({ search }) => search)).toEqual(["?id=4"]);
  expect(await site.metric("push_queries_waiting")).toEqual({ "": 0 });
});

test("the chain is whole, and no line of the log has the secret", async () => {
  expect(site.verify()).toMatchObject({ ok: true });
  expect(JSON.stringify(site.running.log)).not.toContain(SECRET);
  expect(site.exceptions()).toEqual([]);
});

test("over TLS, where the system vouches for the certificate", async () => {
  const authority = createAuthority();
  const { cert, key } = authority.issue("cobo");
  const tls = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  const secure = await QueryDouble.start(COBO.privateKey, pointOf(SECRET), tls);
  const other = new PushSite({ push: { keys: [COBO.point], query: queryOf(secure.url) } });
  other.installation.write("waas1.key", SECRET);
  try {
    await other.startWithRules({ NODE_EXTRA_CA_CERTS: authority.ca });
    const deposit = custodialDeposit({ id: "5" });
    secure.on("transaction", "5", { result: resultOf(deposit) });
    await other.cobo.send(deposit);
    await expect.poll(() => other.metric("push_queries_total"), POLL).toEqual({ 'result="confirmed"': 1 });
  } finally {
    await other.remove();
    await secure.close();
  }
});

test("a server whose secret is another key's does not start", async () => {
  const other = new PushSite({ push: { keys: [COBO.point], query: queryOf(double.url) } });
  other.installation.write("waas1.key", "44".repeat(32));
  try {
    await expect(other.start()).rejects.toThrow(/waas1\.key: the secret of another key/);
  } finally {
    await other.remove();
  }
});
