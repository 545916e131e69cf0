/** The thread behind `verify.ts`: one task, and then it ends by itself. */
import { parentPort, workerData } from "node:worker_threads";
import { doTask, type VerifyBoot, type VerifyMessage } from "./verify-task.ts";

const boot: VerifyBoot = workerData;
const say = (message: VerifyMessage) => parentPort?.postMessage(message);

say({ findings: doTask(boot, (rows) => say({ rows })) });
