import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { MemoryPriceStore, numberedAddress, writeLongList } from "../../test/support/feeds.ts";
import { type Document, documentSchema } from "../input/document.ts";
import { Feeds, type FeedsConfig } from "./feeds.ts";

const folder = mkdtempSync(join(tmpdir(), "feeds-"));
const started: Feeds[] = [];
afterAll(async () => {
  await Promise.all(started.map((feeds) => feeds.close()));
  rmSync(folder, { recursive: true, force: true });
});

const POLL_MS = 20;
const OWN = numberedAddress(1);

function fileOf(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const alarms: string[] = [];
async function start(config: FeedsConfig, store = new MemoryPriceStore()): Promise<Feeds> {
  alarms.length = 0;
  const onAlarm = (code: string) => void alarms.push(code);
  const feeds = await Feeds.start(config, { store, onAlarm, now: Date.now, pollMs: POLL_MS });
  started.push(feeds);
  return feeds;
}

function documentAt(ms: number): Document {
  const amount = { token: "ETH", units: "1000000000000000000", decimals: 18 };
  return {
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id: "r", source: "node-1", received_at: ms },
    now: { ms, date: "2026-01-01", time: "00:00:00", weekday: "thu", hour: 0, minute: 0, zone: "UTC" },
    transaction: { destinations: [{ address: OWN, amount }], totals: { ETH: amount } },
  };
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !condition(); round += 1) await sleep(POLL_MS);
  expect(condition()).toBe(true);
}

test("without lists and prices a document stays as it is", async () => {
  const feeds = await start({});
  const document = documentAt(1);
  expect(feeds.enrich(document)).toEqual({ document });
  expect(await feeds.acceptPrice("ETH", "why not", "alice")).toBeUndefined();
  expect(feeds.status()).toEqual({ lists: [] });
});

test("files that are not there are alarms, and what they would give is absent", async () => {
  const nowhere = join(folder, "nowhere");
  const feeds = await start({ lists: { own: nowhere }, prices: { file: nowhere, max_age: 1_000 } });
  expect(alarms.sort()).toEqual(["LIST_REFUSED", "PRICES_UNREADABLE"]);
  expect(await feeds.reload()).toEqual([
    "prices: it cannot be read (ENOENT)",
    "lists.own: it cannot be read (ENOENT)",
  ]);
  const document = documentAt(1);
  expect(feeds.enrich(document)).toEqual({ document });
});

test("a document gets dollars and list hits; prices age by the document's clock", async () => {
  const at = Date.now();
  const feeds = await start({
    lists: { own: fileOf("own.csv", `address,label\n${OWN},hot\n`) },
    prices: { file: fileOf("prices.json", JSON.stringify({ ETH: { usd: "3000", at } })), max_age: 60_000 },
  });
  const { document: enriched, lists } = feeds.enrich(documentAt(at));
  expect(lists).toEqual({ own: { sequence: 0, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  expect(documentSchema.safeParse(enriched).success).toBe(true);
  expect(enriched).toMatchObject({
    transaction: {
      destinations: [{ amount: { usd_micros: "3000000000" } }],
      total_usd_micros: "3000000000",
    },
    lists: { own: { [OWN]: { label: "hot" } } },
  });
  expect(feeds.enrich(documentAt(at + 60_001)).document.transaction).not.toHaveProperty("total_usd_micros");
  expect(feeds.status()).toMatchObject({ lists: [{ name: "own", entries: 1 }], prices: { tokens: 1 } });
});

test("changed files are taken without being asked, a step waits for an operator, and a close ends the looking", async () => {
  const at = Date.now();
  const priceFile = fileOf("watched.json", JSON.stringify({ ETH: { usd: "3000", at } }));
  const list = fileOf("watched.csv", "address\n");
  const feeds = await start({ lists: { own: list }, prices: { file: priceFile, max_age: 60_000 } });
  const total = () => feeds.enrich(documentAt(at)).document.transaction?.total_usd_micros;
  expect(feeds.enrich(documentAt(at)).document.lists).toEqual({ own: {} });

  writeFileSync(list, `address\n${OWN}\n`);
  writeFileSync(priceFile, JSON.stringify({ ETH: { usd: "30000", at } }));
  await until(() => feeds.status().lists[0]?.entries === 1 && total() === undefined);
  expect(alarms).toEqual(["PRICE_REFUSED"]);
  expect(await feeds.acceptPrice("ETH", "a split", "alice")).toMatchObject({ usd: "30000" });
  expect(total()).toBe("30000000000");

  await feeds.close();
  writeFileSync(list, `address\n${OWN}\nT1\n`);
  await sleep(10 * POLL_MS);
  expect(feeds.status().lists[0]?.entries).toBe(1);
});

test("reading a long list does not hold the event loop", { timeout: 60_000 }, async () => {
  const path = join(folder, "long.csv");
  await writeLongList(path, 200_000);
  const feeds = await start({ lists: { own: path } });
  const held = monitorEventLoopDelay({ resolution: 1 });
  held.enable();
  expect(await feeds.reload()).toEqual([]);
  held.disable();
  // Reading takes a second or more: on this thread it would be held for all of it. `make bench` has the number.
  expect(held.max / 1e6).toBeLessThan(250);
  expect(feeds.enrich(documentAt(1)).document.lists).toEqual({ own: { [OWN]: {} } });
});

test("docs/operations.md explains every alarm, and docs/releases.md every warning of a signed list", () => {
  const page = (name: string) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8");
  const here = new URL(".", import.meta.url);
  const sources = readdirSync(here)
    .filter((name) => !name.endsWith(".test.ts"))
    .map((name) => readFileSync(new URL(name, here), "utf8"));
  const found = [...sources.join("").matchAll(/"((?:LISTS?|PRICES?)_[A-Z_]+)"/g)].map(
    ([, code = ""]) => code,
  );
  const warnings = ["LIST_EXPIRES", "LIST_UNCONFIRMED", "LIST_UNREAD"];
  const alarms = [...new Set(found)].filter((code) => !warnings.includes(code));
  expect(alarms).toHaveLength(8);
  for (const code of alarms) expect(page("operations")).toContain(`| \`${code}\` |`);
  for (const code of warnings) expect(page("releases")).toContain(`\`${code}\``);
});

test("the samples of docs/operations.md are a list and prices", async () => {
  const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const sample = (name: string, language: string) =>
    new RegExp(`<!-- sample: ${name} -->\n\`\`\`${language}\n(.*?)\`\`\``, "s").exec(page)?.[1] ?? "";
  const at = Date.UTC(2025, 0, 1);
  const feeds = await start({
    lists: { sample: fileOf("sample.csv", sample("list", "csv")) },
    prices: { file: fileOf("sample.json", sample("prices", "json")), max_age: Date.now() - at + 60_000 },
  });
  expect(alarms).toEqual([]);
  const { lists, prices } = feeds.status();
  expect(lists).toMatchObject([{ entries: 3 }]);
  expect(prices?.tokens).toBe(2);
  const document = documentAt(at);
  const listed: Document = {
    ...document,
    transaction: { destinations: [{ address: "0x66f820a414680b5bcda5eeca5dea238543f42054" }] },
  };
  expect(feeds.enrich(listed).document.lists).toEqual({
    sample: {
      "0x66f820a414680b5bcda5eeca5dea238543f42054": {
        label: "Exchange, hot wallet",
        added_at: Date.UTC(2025, 0, 15, 8, 30),
      },
    },
  });
  expect(feeds.enrich(document).document.transaction?.total_usd_micros).toBe("3120550000");
});
