/** Documents made by hand, judged by a release: real wasm, the reads of the index, the host's combination. */
import { documentSchema, type InputDocument, serialize } from "../../src/input/document.ts";
import { combine } from "../../src/policy/combine.ts";
import type { LiveRelease } from "../../src/policy/live.ts";
import type { Verdict } from "../../src/policy/verdict.ts";

/** When such a document is asked, and by whom. */
export const ASKED = {
  request: { id: "r", source: "node-1", received_at: 1_756_953_990_112 },
  now: {
    ms: 1_756_953_990_112,
    date: "2025-09-04",
    time: "02:46:30",
    weekday: "thu",
    hour: 2,
    minute: 166,
    zone: "UTC",
  },
};

/** @param modes - those of the release, unless others are given. @throws where the document breaks its schema. */
export async function verdictOf(
  live: LiveRelease,
  stated: unknown,
  modes = live.hostData.modes ?? {},
): Promise<Verdict> {
  const document = documentSchema.parse(stated);
  const input: InputDocument = { document, raw: "{}" };
  const answer = await live.engine.evaluate("countersign/decision", serialize(input, false));
  if (!answer.ok) throw new Error(answer.message);
  const { group, kind } = document;
  const absent = live.reads.absentReads(group, input);
  return combine({ index: live.index, group, kind, absent, result: answer.result, modes });
}
