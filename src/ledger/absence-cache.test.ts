/** What was found not to be there is found as soon as an entry brings it. */
import { expect, test } from "vitest";
import {
  entry,
  flag,
  judgement,
  movement,
  opened,
  push,
  reserved,
  stateDirectory,
} from "../../test/support/ledger.ts";
import type { FlagMark, Ledger } from "./ledger.ts";

const NAMES = { organization: "org", names: ["transaction:1"] };

const marked = (ledger: Ledger, value: string, kind: FlagMark["kind"] = "address") =>
  ledger.read((snapshot) => snapshot.marked(kind, value));
const confirmed = (ledger: Ledger) => ledger.read((snapshot) => snapshot.confirmed(NAMES));

async function open(): Promise<Ledger> {
  const { ledger } = await opened(stateDirectory());
  await ledger.append(entry({ type: "mark" })).durable;
  return ledger;
}

test("what nothing was known of is known when a movement names it, counted or not", async () => {
  const ledger = await open();
  const payment = movement({ sources: ["0xa"], outpoints: ["hash:0"], destination: "0xb" });
  const asked = () => [marked(ledger, "0xa"), marked(ledger, "0xb"), marked(ledger, "hash:0", "outpoint")];
  const all = (known: boolean) => Array.from({ length: 3 }, () => ({ known, open: [] }));
  expect(asked()).toEqual(all(false));
  expect(asked()).toEqual(all(false));
  await ledger.append(entry({ movements: reserved([payment]) })).durable;
  expect(asked()).toEqual(all(true));
  expect(marked(ledger, "0xc").known).toBe(false);
  const again = reserved([movement({ destination: "0xd" })]);
  await ledger.append(entry({ movements: again })).durable;
  expect(marked(ledger, "0xc").known).toBe(false);
  await ledger.append(entry({ movements: { ...again, rows: [movement({ destination: "0xc" })] } })).durable;
  expect(marked(ledger, "0xc").known).toBe(true);
});

test("a flag is seen on what had none, from its entry until it is resolved, and the next one as well", async () => {
  const ledger = await open();
  for (const key of ["one", "two"]) {
    expect(marked(ledger, "0xours").open).toEqual([]);
    const raised = flag({ key });
    await ledger.append(push({ flags: [raised] })).durable;
    expect(marked(ledger, "0xours").open).toMatchObject([{ id: raised.id }]);
    await ledger.append(judgement({ resolves: [raised.id] })).durable;
  }
  expect(marked(ledger, "0xours")).toEqual({ known: false, open: [] });
});

test("a confirmation is found when it is held, until it is released, and when it is held again", async () => {
  const ledger = await open();
  expect([confirmed(ledger), confirmed(ledger)]).toEqual([[], []]);
  const movements = reserved([movement({ kind: "withdrawal_confirmation" })]);
  const decision = { transaction: NAMES };
  await ledger.append(entry({ decision, movements })).durable;
  const held = confirmed(ledger);
  expect(held).toMatchObject([{ kind: "withdrawal_confirmation", state: "reserved" }]);
  const released = { movements: held.map(({ number }) => number), state: "released" } as const;
  await ledger.append(entry({ transition: released })).durable;
  expect(confirmed(ledger)).toEqual([]);
  await ledger.append(push({ transition: { ...released, state: "reserved" } })).durable;
  expect(confirmed(ledger)).toEqual(held);
});
