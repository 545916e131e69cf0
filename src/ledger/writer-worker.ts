/**
 * The thread behind `writer.ts`. It opens the ledger with its first order, and anew after an order that failed
 * and with each probe: a connection that was opened on a disk without rights stays what it was, and what was
 * remembered of a failed order is worth nothing.
 */
import { parentPort, workerData } from "node:worker_threads";
import { toLedgerError } from "./database.ts";
import type { WriterAnswer, WriterBoot, WriterOrder } from "./writer-protocol.ts";
import { WriterSession } from "./writer-session.ts";

const { path }: WriterBoot = workerData;
let session: WriterSession | undefined;

function answerTo(order: Exclude<WriterOrder, { type: "close" }>): WriterAnswer {
  try {
    if (order.type === "probe") leave();
    session ??= new WriterSession(path);
    return session.do(order);
  } catch (error) {
    leave();
    const { code, message } = toLedgerError(error);
    return { ok: false, code, message };
  }
}

function tidy(order: WriterOrder): void {
  try {
    session?.tidy(order);
  } catch {
    // The next order says what is wrong: until then nothing is lost that the log has.
    leave();
  }
}

function leave(): void {
  const left = session;
  session = undefined;
  left?.close();
}

parentPort?.on("message", (order: WriterOrder) => {
  if (order.type !== "close") {
    parentPort?.postMessage(answerTo(order));
    tidy(order);
    return;
  }
  try {
    session?.takeOver();
  } catch {
    // The log stays beside the database, and the next start takes it over.
  }
  leave();
  parentPort?.close();
});
