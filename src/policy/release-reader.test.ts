import { expect, test } from "vitest";
import { indexedRule, ruleIndex } from "../../test/support/policy.ts";
import { writeArchive } from "./archive.ts";
import { entrypointsDigest, generateEntrypoints } from "./build/entrypoints.ts";
import { readReleaseAside } from "./release-reader.ts";

test("a release that takes too long to read is given up", async () => {
  const uses = Array.from({ length: 100_000 }, () => ({ path: "table.*", uses: ["number" as const] }));
  const rules = [indexedRule("transfer/slow", [{ code: "SLOW" }], { data_uses: uses })];
  const entrypoints = generateEntrypoints(ruleIndex(rules));
  const index = ruleIndex(rules, { entrypoints_sha256: entrypointsDigest(entrypoints) });
  const archive = await writeArchive(
    new Map([
      ["/index.json", Buffer.from(JSON.stringify(index))],
      ["/countersign/entrypoints.rego", Buffer.from(entrypoints)],
      ["/data.json", Buffer.from(JSON.stringify({ table: new Array(200_000).fill(1) }))],
    ]),
  );
  await expect(readReleaseAside(archive, "0".repeat(64), 20)).rejects.toMatchObject({
    step: "archive",
    message: "it could not be read: that takes longer than 20 ms",
  });
});
