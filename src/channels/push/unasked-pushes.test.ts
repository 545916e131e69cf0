import { expect, test } from "vitest";
import { opened, stateDirectory } from "../../../test/support/ledger.ts";
import { canonicalJson } from "../../input/canonical-json.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { PushToAsk } from "./push-queries.ts";
import { unaskedPushes } from "./unasked-pushes.ts";

const HOUR = 3_600_000;
const NOW = 1_800_000_000_000;
const JUDGED = { outcome: "clear", reasons: [], alerts: [], resolves: [], facts: {} };

interface PushMembers {
  readonly id: string;
  readonly transaction?: string;
  readonly status?: string;
  readonly hoursAgo?: number;
  readonly late?: boolean;
  readonly readable?: boolean;
}

async function push(ledger: Ledger, members: PushMembers): Promise<void> {
  const { id, transaction = "1", status = "success", hoursAgo = 1, late = false, readable = true } = members;
  const at = NOW - hoursAgo * HOUR;
  const names = { organization: "", names: [`request:r-${id}`, `cobo:${transaction}`] };
  const row = {
    ...{
      type: "push",
      id,
      at,
      channel: "push.custodial",
      source: "prod",
      late,
      readable,
      flags: [],
      ...JUDGED,
    },
    ...{ message_sha256: "", token_sha256: "", transaction: names },
    ...(readable ? { kind: "deposit", status } : {}),
  };
  const document = { kind: "deposit", transaction: { cobo_id: transaction }, deposit: { status } };
  await ledger.append({
    ...{ type: "push", id, at, row: canonicalJson(row) },
    push: { source: "prod", identity: id.padEnd(64, "0").replace(/[^0-9a-f]/g, "0"), transaction: names },
    body: { token: "push", ...(readable ? { document: JSON.stringify(document) } : {}) },
  }).durable;
}

async function judgement(
  ledger: Ledger,
  of: string,
  why: string,
  flags: readonly string[] = [],
): Promise<void> {
  const at = Math.max(NOW - HOUR, ledger.newestAt());
  const id = `j_${ledger.newestAt()}_${of}_${why}_${flags.length}`;
  const raised = flags.map((code) => ({ id: "g_1", severity: "medium", code, message: "m", marks: [] }));
  const row = canonicalJson({ type: "judgement", id, at, push: of, why, flags: raised, ...JUDGED });
  await ledger.append({ type: "judgement", id, at, row }).durable;
}

async function found(ledger: Ledger): Promise<PushToAsk[]> {
  const pushes: PushToAsk[] = [];
  for await (const one of unaskedPushes(ledger, NOW - 24 * HOUR)) pushes.push(one);
  return pushes;
}

const idsOf = async (ledger: Ledger) => (await found(ledger)).map(({ id }) => id);

test("what was answered, older, late or unreadable is left out", async () => {
  const { ledger } = await opened(stateDirectory());
  expect(await found(ledger)).toEqual([]);
  await push(ledger, { id: "p_old", transaction: "1", hoursAgo: 25 });
  await push(ledger, { id: "p_first", transaction: "2", status: "confirming", hoursAgo: 20 });
  await push(ledger, { id: "p_newest", transaction: "2", hoursAgo: 19 });
  await push(ledger, { id: "p_late", transaction: "2", status: "pending", hoursAgo: 18, late: true });
  await push(ledger, { id: "p_unreadable", transaction: "3", readable: false });
  await push(ledger, { id: "p_confirmed", transaction: "4" });
  await judgement(ledger, "p_confirmed", "query");
  await push(ledger, { id: "p_mismatch", transaction: "5" });
  await judgement(ledger, "p_mismatch", "query", ["QUERY_MISMATCH"]);
  expect(await found(ledger)).toEqual([
    {
      id: "p_newest",
      at: NOW - 19 * HOUR,
      channel: "push.custodial",
      particulars: { status: "success", fields: { kind: "deposit", "transaction.cobo_id": "2" } },
      unanswered: false,
    },
  ]);
});

test("what nobody answered is asked about again, and known to be reported", async () => {
  const { ledger } = await opened(stateDirectory());
  await push(ledger, { id: "p_judged", transaction: "1" });
  await judgement(ledger, "p_judged", "release");
  await push(ledger, { id: "p_unanswered", transaction: "2" });
  await judgement(ledger, "p_unanswered", "query", ["QUERY_UNANSWERED"]);
  await push(ledger, { id: "p_at_last", transaction: "3" });
  await judgement(ledger, "p_at_last", "query", ["QUERY_UNANSWERED"]);
  await judgement(ledger, "p_at_last", "query");
  expect((await found(ledger)).map(({ id, unanswered }) => [id, unanswered])).toEqual([
    ["p_judged", false],
    ["p_unanswered", true],
  ]);
});

test("many of them, in the order in which they came", async () => {
  const { ledger } = await opened(stateDirectory());
  const ids = Array.from({ length: 250 }, (_, at) => `p_${at}`);
  await Promise.all(ids.map((id) => push(ledger, { id, transaction: id })));
  expect(await idsOf(ledger)).toEqual(ids);
});
