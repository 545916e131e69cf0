/** The thread behind `ledger-queries.ts`: questions of people, answered in their order. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../thrown.ts";
import { type LedgerReader, openReader } from "./kysely-ledger.ts";
import { LedgerError } from "./ledger.ts";
import { findDecision, findDecisions, findFlags, findOpenFlags, findTransaction } from "./queries.ts";
import type { Answer, Fault, NumberedQuestion, QueryBoot, Question } from "./query-protocol.ts";
import { QueryError } from "./query-types.ts";
import { readingError } from "./read-connection.ts";
import { findStoredDecisions, findStoredRange } from "./stored-decisions.ts";

const boot: QueryBoot = workerData;
let reader: LedgerReader | undefined;
let before: Promise<void> = Promise.resolve();

parentPort?.on("message", ({ number, question }: NumberedQuestion) => {
  before = before.then(async () => parentPort?.postMessage(await answer(number, question)));
});

async function answer(number: number, question: Question): Promise<Answer> {
  try {
    reader ??= openReader(boot.file);
    return { number, ok: true, result: await ask(reader, question) };
  } catch (error) {
    return { number, ok: false, fault: faultOf(readingError(error)) };
  }
}

async function ask(from: LedgerReader, question: Question): Promise<unknown> {
  switch (question.type) {
    case "decisions":
      return findDecisions(from, question.filter);
    case "decision":
      return findDecision(from, question.id);
    case "flags":
      return findFlags(from, question.filter);
    case "open_flags":
      return findOpenFlags(from);
    case "transaction":
      return findTransaction(from, question.name, question.organization);
    case "stored_range":
      return findStoredRange(from.connection, question.since);
    case "stored_decisions":
      return findStoredDecisions(from.connection, question.page);
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof QueryError) return { type: "query", code: error.code, message: error.message };
  if (error instanceof LedgerError) return { type: "ledger", code: error.code, message: error.message };
  return { type: "other", message: messageOf(error) };
}
