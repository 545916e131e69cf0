/** The thread behind `evidence-reader.ts`: large requests, one after the other. */
import { parentPort } from "node:worker_threads";
import { knowledgeOf } from "../policy/assets.ts";
import { messageOf } from "../thrown.ts";
import { readEvidence } from "./evidence.ts";
import type { EvidenceAnswer, EvidenceOrder } from "./worker-protocol.ts";

let knowledge = knowledgeOf(undefined);

parentPort?.on("message", (order: EvidenceOrder) => {
  knowledge = order.knowledge ?? knowledge;
  const { id, document, material } = order;
  let answer: EvidenceAnswer;
  try {
    answer = { id, ok: true, evidence: readEvidence(document, material, knowledge) };
  } catch (error) {
    answer = { id, ok: false, problem: messageOf(error) };
  }
  parentPort?.postMessage(answer);
});
