/** What anybody can do to an address for cents: with the rules that are shipped, over the real process. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { requestToken } from "../support/caller.ts";
import { ofItsOwn } from "../support/demo-payment.ts";
import { TEST_RELEASE } from "../support/installation.ts";
import { custodialDeposit } from "../support/push-double.ts";
import { LISTED, PushSite } from "./site.ts";

/** Whose transfers the samples sign. */
const OWN = "0xdc05cb2b67b790903807bf106148a1a62b048b30";
/** At 3,000 dollars for one ETH a tenth of a cent. */
const DUST = 333_000_000_000n;
const ETHER = 10n ** 18n;
const MANY = 1_000;
const AT_ONCE = 50;

const site = new PushSite({
  policy: { release: TEST_RELEASE, trust: "unsigned" },
  lists: { sanctions: "./sanctions.csv", own_addresses: "./own-addresses.csv" },
});
beforeAll(async () => {
  site.installation.write("own-addresses.csv", `address\n${OWN}\n`);
  await site.start();
});
afterAll(() => site.remove());

const flagsSchema = z.object({ items: z.array(z.object({ id: z.string(), code: z.string() })) });

async function openFlags() {
  const { body } = await site.admin(`/v1/flags?state=open&address=${OWN}&limit=500`);
  return flagsSchema.parse(body).items;
}

/** From the listed address into that of the samples. */
async function deposit(at: number, units: bigint): Promise<void> {
  const txid = `0x${(at + 1).toString(16).padStart(64, "0")}`;
  const told = custodialDeposit({
    ...{ id: `from-listed-${at}`, coin: "ETH", display_code: "ETH", description: "Ethereum", decimal: 18 },
    ...{ address: OWN, source_address: LISTED, source_address_detail: LISTED, txid },
    ...{ amount: units.toString(), abs_amount: wholeOf(units), confirmed_num: 64, confirming_threshold: 64 },
    tx_detail: { txid, blocknum: at + 1 },
  });
  expect(await site.cobo.send(told)).toMatchObject({ status: 200, body: "ok" });
}

function wholeOf(units: bigint): string {
  const text = units.toString().padStart(19, "0");
  return `${text.slice(0, -18)}.${text.slice(-18)}`.replace(/\.?0+$/, "");
}

function pay(id: string) {
  return site.send(requestToken(ofItsOwn(id), site.installation.node.privateKey));
}

test("what is worth something from a listed address holds the address that it paid", async () => {
  await deposit(MANY, ETHER);
  const held = await pay("held");
  expect(held).toMatchObject({ action: "REJECT", error: expect.stringMatching(/^FLAGGED_FUNDS: /) });
  const flags = await openFlags();
  const [listed] = flags.filter(({ code }) => code === "SANCTIONED_SOURCE");
  expect(held.error).toContain(listed?.id ?? "no flag");
  for (const { id } of flags) await site.admin(`/v1/flags/${id}/resolve`, { reason: "a test" });
  expect(await pay("released")).toMatchObject({ action: "APPROVE" });
});

test(`${MANY} deposits of dust from a listed address stop no ordinary withdrawal`, async () => {
  for (let at = 0; at < MANY; at += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => deposit(at + index, DUST)));
  }
  expect((await openFlags()).length).toBe(500);
  expect(await pay("ordinary")).toMatchObject({ action: "APPROVE" });
  expect(site.exceptions()).toEqual([]);
}, 90_000);
