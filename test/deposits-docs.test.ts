/** What docs/deposits.md has people run and configure, at a real server that is pushed to, and that asks Cobo's double. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { parseConfig } from "../src/config.ts";
import { PUSH_STATUSES } from "../src/input/document.ts";
import { isJsonObject, type JsonObject, parseStrictJson } from "../src/input/strict-json.ts";
import { PUSH_OUTCOMES } from "../src/ledger/rows.ts";
import { LISTED, PushSite } from "./push/site.ts";
import { boundConfig, shell } from "./support/command.ts";
import {
  bodyOf,
  COBO,
  custodialDeposit,
  custodialWithdrawal,
  type Message,
  mpcDeposit,
} from "./support/push-double.ts";
import { pointOf, QueryDouble } from "./support/query-double.ts";

const PAGE = readFileSync("docs/deposits.md", "utf8");
const SECRET = "33".repeat(32);
const POLL = { timeout: 30_000 };

let double: QueryDouble;
let site: PushSite;

beforeAll(async () => {
  double = await QueryDouble.start(COBO.privateKey, pointOf(SECRET));
  const query = { api: "waas1", base_url: double.url, key: pointOf(SECRET), secret_file: "./waas1.key" };
  site = new PushSite({ push: { keys: [COBO.point], query } });
  site.installation.write("waas1.key", SECRET);
  await site.startWithRules();
});
afterAll(async () => {
  await site.remove();
  await double.close();
});

/** The blocks of a language. */
function blocks(language: string): string[] {
  const found = PAGE.matchAll(new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\``, "gms"));
  return [...found].map(([, text = ""]) => text);
}

/** The block that follows `<!-- run: NAME -->`. */
function block(name: string): string {
  const [, text] = new RegExp(`<!-- run: ${name} -->\\n\`\`\`\\w+\\n(.*?\\n)\`\`\``, "s").exec(PAGE) ?? [];
  if (text === undefined) throw new Error(`there is no block ${name}`);
  return text;
}

async function type(name: string, before = ""): Promise<string> {
  const config = boundConfig(site.installation, site.running);
  const here = block(name).replaceAll("/etc/countersign/config.yaml", config);
  const { code, out } = await shell(`${before}${here}`, site.installation.folder);
  expect({ code, out }).toMatchObject({ code: 0 });
  return out;
}

/** What the page's program says of a deposit: what to book, or why not. */
function mayBook(
  id: string,
  of: PushSite = site,
): Promise<{ readonly booked: boolean; readonly out: string }> {
  const program = of.installation.write(
    "may-book.mjs",
    block("may-book")
      .replace("/etc/booking/countersign.token", join(of.state, "admin.token"))
      .replace("127.0.0.1:11021", of.running.addresses.admin),
  );
  return new Promise((resolve) => {
    execFile(process.execPath, [program, id], (error, stdout, stderr) =>
      resolve({ booked: error === null, out: (stdout + stderr).trim() }),
    );
  });
}

async function bookingOf(id: string, of: PushSite = site): Promise<Record<string, unknown>> {
  const { body } = await of.admin(`/v1/transactions/cobo:${id}`);
  return z.looseObject({ booking: z.record(z.string(), z.unknown()) }).parse(body).booking;
}

/** As Cobo's API has it. */
function resultOf(message: Message): JsonObject {
  const value = parseStrictJson(bodyOf(message));
  if (!isJsonObject(value)) throw new Error("no object");
  return value;
}

/** Pushed, and answered as Cobo answers. */
async function confirmed(
  message: Message & { readonly id?: string; readonly cobo_id?: string },
): Promise<string> {
  const { id = "", cobo_id } = message;
  if (cobo_id === undefined) double.on("transaction", id, { result: resultOf(message) });
  else double.on("mpc", cobo_id, { result: { total: 1, transactions: [resultOf(message)] } });
  expect(await site.cobo.send(message)).toMatchObject({ status: 200, body: "ok" });
  await expect.poll(async () => (await bookingOf(cobo_id ?? id))["confirmed_by_query"], POLL).toBe(true);
  return cobo_id ?? id;
}

describe("the program books nothing", () => {
  test("that nobody knows, or that nobody can be asked about", async () => {
    expect(await mayBook("unknown")).toMatchObject({ booked: false, out: expect.stringMatching(/HTTP 404/) });
    const silent = new PushSite();
    try {
      await silent.startWithRules();
      await silent.running.stop();
      expect(await mayBook("1", silent)).toMatchObject({ booked: false });
    } finally {
      await silent.remove();
    }
  });

  test("that Cobo has not confirmed yet, and books it once it has", async () => {
    const deposit = custodialDeposit({ id: "10" });
    double.misbehaviour = "unsigned";
    await site.cobo.send(deposit);
    expect((await mayBook("10")).booked).toBe(false);
    expect(await bookingOf("10")).toMatchObject({ state: "success", open_flags: 0 });
    double.misbehaviour = undefined;
    double.on("transaction", "10", { result: resultOf(deposit) });
    await expect.poll(async () => (await mayBook("10")).booked, POLL).toBe(true);
  });

  test("that Cobo knows otherwise", async () => {
    const deposit = custodialDeposit({ id: "11" });
    double.on("transaction", "11", { result: resultOf({ ...deposit, address: `0x${"11".repeat(20)}` }) });
    await site.cobo.send(deposit);
    await expect.poll(async () => (await bookingOf("11"))["open_flags"], POLL).toBe(1);
    expect((await mayBook("11")).booked).toBe(false);
  });

  test("that has too few confirmations, is no deposit, or is not final", async () => {
    const early = await confirmed(custodialDeposit({ id: "12", confirmed_num: 11 }));
    const withdrawal = await confirmed(custodialWithdrawal({ id: "13" }));
    for (const id of [early, withdrawal]) {
      expect(await bookingOf(id)).toMatchObject({ state: "success", confirmed_by_query: true });
      expect((await mayBook(id)).booked).toBe(false);
    }
    await site.cobo.send(custodialDeposit({ id: "14", status: "pending", confirmed_num: 3 }));
    expect(await bookingOf("14")).toMatchObject({ state: "confirming" });
    expect((await mayBook("14")).booked).toBe(false);
  });

  test("that was reorganized after it was good", async () => {
    const id = await confirmed(mpcDeposit({ cobo_id: "15", updated_time: 1_700_000_180_000 }));
    expect((await mayBook(id)).booked).toBe(true);
    await site.cobo.send(mpcDeposit({ cobo_id: "15", status: 902, updated_time: 1_700_000_190_000 }));
    expect((await mayBook(id)).booked).toBe(false);
  });

  test("that is flagged, until somebody says why it is good", async () => {
    const id = await confirmed(
      custodialDeposit({ id: "16", source_address: LISTED, source_address_detail: LISTED }),
    );
    expect((await mayBook(id)).booked).toBe(false);
    expect(await type("flags")).toContain("LISTED");
    const { body } = await site.admin(`/v1/flags?state=open&address=${LISTED}`);
    const { items } = z.object({ items: z.array(z.object({ id: z.string() })) }).parse(body);
    expect(items).toHaveLength(1);
    await type("resolve", `FLAG=${items[0]?.id ?? ""}\n`);
    expect((await mayBook(id)).booked).toBe(true);
    expect(await bookingOf(id)).toMatchObject({ outcome: "flagged", open_flags: 0 });
  });

  test("that no rule could be asked about", async () => {
    const without = new PushSite({ policy: { release: "./nowhere.tar.gz", trust: "unsigned" } });
    try {
      await without.start();
      expect(await without.cobo.send(custodialDeposit({ id: "17" }))).toMatchObject({
        status: 200,
        body: "ok",
      });
      expect(await bookingOf("17", without)).toMatchObject({ pending: true, open_flags: 1 });
      expect((await mayBook("17", without)).booked).toBe(false);
    } finally {
      await without.remove();
    }
  });
});

test("the program books what is good, of either shape, and prints Cobo's own message", async () => {
  for (const message of [custodialDeposit({ id: "20" }), mpcDeposit({ cobo_id: "21" })]) {
    const id = await confirmed(message);
    expect(await mayBook(id)).toEqual({ booked: true, out: bodyOf(message) });
    const [sample = ""] = blocks("json");
    expect(Object.keys(await bookingOf(id)).sort()).toEqual(Object.keys(JSON.parse(sample)).sort());
  }
});

test("the tables have every state and every outcome", () => {
  const [states = "", outcomes = ""] = ["## The states", "## What was found"].map(
    (title) => PAGE.split(`\n${title}\n`)[1]?.split("\n## ")[0] ?? "",
  );
  const firstCells = (section: string) => [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, cell]) => cell);
  expect(
    firstCells(states)
      .filter((cell) => cell !== "state")
      .sort(),
  ).toEqual([...PUSH_STATUSES].sort());
  expect(firstCells(outcomes).sort()).toEqual([...PUSH_OUTCOMES].sort());
});

test("the configs are good ones", () => {
  const rest = {
    signing_key: "a.pem",
    nodes: [{ name: "node-1", callback_public_keys: ["b.pem"] }],
    policy: { trust: "unsigned" },
  };
  const configs = blocks("yaml").map((text) =>
    parseConfig(JSON.stringify({ ...parse(text), ...rest }), "/c"),
  );
  expect(configs.map(({ listen, push }) => [listen.push?.address.port, push.query?.base_url])).toEqual([
    [11022, undefined],
    [undefined, "https://api.cobo.com"],
  ]);
});
