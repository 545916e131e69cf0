/** A thread of `verify-threads.ts`: tasks as they come, and when it is told to, it ends by itself. */
import { parentPort } from "node:worker_threads";
import { doTask, type VerifyMessage, type VerifyOrder } from "./verify-task.ts";

const say = (message: VerifyMessage) => parentPort?.postMessage(message);

parentPort?.on("message", (order: VerifyOrder) => {
  if (order === "end") parentPort?.close();
  else say({ findings: doTask(order.file, order.task, (rows) => say({ rows })) });
});
