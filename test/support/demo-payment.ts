/** The demo's listed transfer: as a movement of the past, and as requests of transactions of their own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { FactShape } from "../../src/input/fact-shape.ts";
import type { Movement } from "../../src/ledger/ledger.ts";
import { activate } from "../../src/policy/activate.ts";
import { ANSWERS_NOBODY } from "../../src/policy/prover.ts";
import { BUNDLES, TEST_RELEASE } from "./installation.ts";
import { nonceOf, rebuilt } from "./sample-transaction.ts";

const LISTED = join(BUNDLES, "demo/requests/listed-transfer.json");

/** 0.0001 ETH at 3,000 dollars. */
export function demoPayment(): Movement {
  const { org, project, vault, wallet } = parts().extra;
  return {
    organization: org.org_id,
    project: project.project_id,
    vault: vault.vault_id,
    wallet: wallet.wallet_id,
    chain: "ETH",
    token: "ETH",
    sources: ["0xdc05cb2b67b790903807bf106148a1a62b048b30"],
    outpoints: [],
    destination: "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f",
    initiator: "9f1c9a1d6c0b4a3f8a2b7c5d4e3f2a1b",
    kind: "transaction_signing",
    direction: "out",
    units: "1000",
    usd_micros: "300000",
  };
}

/** What the test release's rules add up. */
export async function pastShapes(): Promise<readonly FactShape[]> {
  const live = await activate(new Uint8Array(readFileSync(TEST_RELEASE)), {
    trust: "unsigned",
    source: "test",
    prover: ANSWERS_NOBODY,
    evaluationMs: 1_000,
  });
  await live.engine.close();
  return live.queries.map(({ shape }) => shape);
}

/** The listed transfer with ids, nonce and hash of its own. */
export function ofItsOwn(id: string): string {
  const { callback, detail, extra } = parts();
  const transaction = `transaction-${id}`;
  const { raw_tx_info: raw } = extra.transaction;
  const nonce = nonceOf(id);
  const { unsigned, hash } = rebuilt(raw.unsigned_raw_tx, { nonce });
  return JSON.stringify({
    ...callback,
    request_id: id,
    request_detail: JSON.stringify({
      ...detail,
      msg_hash_list: [hash],
      biz_task_id: transaction,
      task_id: `task-${id}`,
    }),
    extra_info: JSON.stringify({
      ...extra,
      transaction: {
        ...extra.transaction,
        raw_tx_info: { ...raw, used_nonce: nonce, unsigned_raw_tx: unsigned },
        transaction_id: transaction,
        cobo_id: `cobo-${id}`,
        request_id: `api-${id}`,
      },
    }),
  });
}

const callbackSchema = z.looseObject({ request_detail: z.string(), extra_info: z.string() });
const extraSchema = z.looseObject({
  org: z.looseObject({ org_id: z.string() }),
  project: z.looseObject({ project_id: z.string() }),
  vault: z.looseObject({ vault_id: z.string() }),
  wallet: z.looseObject({ wallet_id: z.string() }),
  transaction: z.looseObject({
    raw_tx_info: z.looseObject({ unsigned_raw_tx: z.templateLiteral(["0x", z.string()]) }),
  }),
});

type Parts = ReturnType<typeof readParts>;
let read: Parts | undefined;

function parts(): Parts {
  read ??= readParts();
  return read;
}

function readParts() {
  const callback = callbackSchema.parse(JSON.parse(readFileSync(LISTED, "utf8")));
  const detail = z.looseObject({}).parse(JSON.parse(callback.request_detail));
  const extra = extraSchema.parse(JSON.parse(callback.extra_info));
  return { callback, detail, extra };
}
