/** Where the reading thread begins: it gives way before it loads what it runs, which takes longer than much of its work. */
import { workerData } from "node:worker_threads";
import { giveWay } from "./give-way.ts";
import type { ReadingOrder } from "./proof-protocol.ts";

const { givesWay }: ReadingOrder = workerData;
if (givesWay) giveWay();
await import("./reading.ts");
