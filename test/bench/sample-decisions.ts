/**
 * Decisions as the demo release makes them, as many as are wanted: one is really made, by the desk and through the
 * ledger, and all others are it under ids of their own, written by the store's own writer without its thread.
 */
import { createPublicKey, hash, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { normalize, participantsOf } from "../../src/channels/tss/normalize.ts";
import { fieldOf, verifyToken } from "../../src/channels/tss/token.ts";
import { parseCallback } from "../../src/channels/tss/wire.ts";
import { DecisionDesk } from "../../src/decisions/desk.ts";
import { Freezes } from "../../src/decisions/freeze.ts";
import { Operations } from "../../src/decisions/operations.ts";
import { VerifiedRequest } from "../../src/decisions/request.ts";
import { Tickets } from "../../src/decisions/tickets.ts";
import { see } from "../../src/evidence/evidence.ts";
import { canonicalJson } from "../../src/input/canonical-json.ts";
import { nowMembers } from "../../src/input/clock.ts";
import { type FactShape, shapeId } from "../../src/input/fact-shape.ts";
import { priceDocument } from "../../src/input/pricing.ts";
import type { Appended, NewEntry } from "../../src/ledger/ledger.ts";
import { SqliteLedger } from "../../src/ledger/open.ts";
import { openDatabase } from "../../src/ledger/open-database.ts";
import { WriterSession } from "../../src/ledger/writer-session.ts";
import { activate } from "../../src/policy/activate.ts";
import { knowledgeOf } from "../../src/policy/assets.ts";
import { ANSWERS_NOBODY } from "../../src/policy/prover.ts";
import { keyPair } from "../support/key-pairs.ts";

const REQUEST = "bundles/demo/requests/listed-transfer.json";
const PRICE = { value: 1n, scale: 0 };
const WALLETS = 500;
const GROUP = 256;
const T0 = 1_760_000_000_000;
/** Milliseconds from one decision to the next. */
const STEP_MS = 1_000;

class WatchedLedger extends SqliteLedger {
  readonly appended: NewEntry[] = [];

  override append(entry: NewEntry): Appended {
    this.appended.push(entry);
    return super.append(entry);
  }
}

export class SampleDecisions {
  readonly #model: NewEntry;
  readonly #row: Readonly<Record<string, unknown>>;
  readonly #shapes: readonly string[];
  readonly #documents: readonly { readonly text: string; readonly digest: string }[];

  private constructor(model: NewEntry, shapes: readonly FactShape[]) {
    this.#model = model;
    this.#row = JSON.parse(model.row);
    this.#shapes = [...new Set(shapes.map(shapeId))];
    const { document = "" } = model.body ?? {};
    this.#documents = Array.from({ length: WALLETS }, (_, wallet) => {
      const text = document.replaceAll(model.decision?.wallet ?? "", walletOf(wallet));
      return { text, digest: hash("sha256", text, "hex") };
    });
  }

  static async create(): Promise<SampleDecisions> {
    const directory = mkdtempSync(join(tmpdir(), "countersign-sample-"));
    const ledger = new WatchedLedger({
      ...{ directory, minFreeBytes: 0, checkpointEvery: 1_000, now: Date.now },
      onEvent: () => {},
    });
    await ledger.open();
    const shapes: FactShape[] = [];
    const live = await activate(readFileSync("bundles/demo.tar.gz"), {
      ...{ trust: "unsigned", source: "bench", prover: ANSWERS_NOBODY, evaluationMs: 1_000 },
      prepareFacts: async (queries) => {
        shapes.push(...queries.map(({ shape }) => shape));
        await ledger.keepShapes(shapes);
      },
    });
    const freezes = new Freezes(join(directory, "FREEZE"));
    new Operations(ledger, freezes, Date.now).restore();
    const desk = new DecisionDesk({
      ...{ ledger, freezes, tickets: new Tickets(), scope: {} },
      ...{ decisionMs: 5_000, reissueMs: 60_000, clock: Date.now, onAlarm: () => {} },
    });
    const node = keyPair();
    const token = tokenFor(readFileSync(REQUEST), node.privatePem);
    const keys = [{ name: "node-1", publicKeys: [createPublicKey(node.publicPem)] }];
    verifyToken(fieldOf(`TSS_JWT_MSG=${token}`), keys, Date.now(), 60_000);
    const parsed = parseCallback(readFileSync(REQUEST), "v2");
    if (parsed.type === "ping") throw new Error("the request is a ping");
    const now = nowMembers(Date.now(), "UTC");
    const knowledge = knowledgeOf(live.hostData);
    const normalized = normalize(parsed, { source: "node-1", receivedAt: now.ms, now, ...knowledge });
    const { raw } = normalized;
    const priced = priceDocument(see(normalized, knowledge), () => PRICE);
    const request = new VerifiedRequest({
      ...{
        input: { document: { ...priced, lists: { sanctions: {} } }, raw },
        identity: parsed.identity,
        token,
      },
      ...{ participants: participantsOf(parsed), startedAt: performance.now(), normalizeMs: 0 },
    });
    const { decision } = await desk.answer(request, { live, refusedStep: undefined });
    await Promise.all([live.engine.close(), ledger.close()]);
    rmSync(directory, { recursive: true, force: true });
    const model = ledger.appended.at(-1);
    if (model === undefined || decision.action !== "APPROVE")
      throw new Error(`the transfer is not approved: ${JSON.stringify(decision.reasons)}`);
    return new SampleDecisions(model, shapes);
  }

  /** The decision of this number, from 1; without its body where none is wanted. */
  entry(number: number, withBody: boolean): NewEntry {
    const own = (name: string) => uuidOf(`${name} ${number}`);
    const { decision, body, movements, governs } = this.#model;
    if (decision?.transaction === undefined) throw new Error("the decision has no transaction");
    const wallet = walletOf(number % WALLETS);
    const document = this.#documents[number % WALLETS] ?? { text: "", digest: "" };
    const ids = {
      ...{ id: `d_${String(number).padStart(26, "0")}`, at: T0 + number * STEP_MS },
      identity: hash("sha256", own("identity"), "hex"),
      requestId: own("request"),
      signing: hash("sha256", own("signing"), "hex"),
      slot: hash("sha256", own("slot"), "hex"),
    };
    const { organization, names } = decision.transaction;
    const transaction = { organization, names: names.map((name) => `${name.split(":")[0]}:${own(name)}`) };
    const rows = (movements?.rows ?? []).map((movement) => ({ ...movement, wallet }));
    const row = canonicalJson({
      ...this.#row,
      ...{ id: ids.id, at: ids.at, request_id: ids.requestId, identity: ids.identity, wallet },
      ...{
        transaction,
        movements: rows,
        signing: ids.signing,
        slot: ids.slot,
        input_sha256: document.digest,
      },
    });
    return {
      ...{ type: "decision", id: ids.id, at: ids.at, row },
      decision: { ...decision, requestId: ids.requestId, identity: ids.identity, wallet, transaction },
      ...(withBody ? { body: { ...body, document: document.text } } : {}),
      movements: { signing: ids.signing, slot: ids.slot, rows },
      ...(governs === undefined ? {} : { governs: { ...governs, wallet } }),
    };
  }

  /** Makes a ledger of so many decisions. */
  async write(path: string, count: number, withBody: boolean): Promise<void> {
    (await openDatabase(path)).connection.close();
    const session = new WriterSession(path);
    while (!session.do({ type: "keep", shapes: this.#shapes }).ready);
    for (let first = 1; first <= count; first += GROUP) {
      const length = Math.min(GROUP, count - first + 1);
      const entries = Array.from({ length }, (_, at) => ({
        order: 0,
        entry: this.entry(first + at, withBody),
      }));
      session.do({ type: "append", entries });
    }
    session.takeOver();
    session.close();
  }
}

export function timeOf(number: number): number {
  return T0 + number * STEP_MS;
}

function walletOf(number: number): string {
  return uuidOf(`wallet ${number}`);
}

function uuidOf(name: string): string {
  const hex = hash("sha256", name, "hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}

function tokenFor(request: Uint8Array, privatePem: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { package_data: Buffer.from(request).toString("base64"), exp, iss: "" };
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), privatePem).toString("base64url")}`;
}
