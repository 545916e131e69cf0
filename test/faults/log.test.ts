/** The log's reader stands still: answers go on, the process ends when it is told to, and the ledger has all of them. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { readLedger } from "./ledger-file.ts";
import { codeOf, freshTransfer, Site } from "./site.ts";

/** A line of a decision has four hundred characters; on the way to a reader there is room for some 230,000. */
const ENOUGH = 900;

let site: Site;
afterEach(() => site.remove());

test("a log that nobody reads holds neither answers nor the end", async () => {
  site = new Site();
  await site.start();
  const { child } = site.running;
  child.stdout?.pause();
  const ask = () => {
    const transfer = freshTransfer();
    return site.ask(transfer, transfer.id.padEnd(120, "-"));
  };
  const replies = await Promise.all(Array.from({ length: ENOUGH }, ask));
  expect(new Set(replies.map(codeOf))).toEqual(new Set(["APPROVE"]));
  // The last lines have met the reader that takes none.
  await sleep(200);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(readLedger(site.state).answers.size).toBe(ENOUGH);
});
