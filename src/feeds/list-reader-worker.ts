/** The thread behind `list-reader.ts`: one path in, one table or what is wrong with the file out. */
import { parentPort, workerData } from "node:worker_threads";
import { FeedError, problemOf } from "./feed-error.ts";
import type { ListOrder, ListOutcome } from "./list-reader.ts";
import { readList } from "./read-list.ts";

const order: ListOrder = workerData;

async function read(): Promise<ListOutcome> {
  try {
    return { ok: true, read: await readList(order.path) };
  } catch (error) {
    return { ok: false, isFiles: error instanceof FeedError, problem: problemOf(error) };
  }
}

parentPort?.postMessage(await read());
