import { describe, expect, it } from "vitest";
import { readBounded } from "./bounded-file.ts";

describe("readBounded", () => {
  it.runIf(process.platform === "linux")(
    "reads no more than the size it looked at, whatever comes",
    async () => {
      // Its size is 0, and it has more, as a file that grew since then.
      expect((await readBounded("/proc/self/status", 10, "archive"))?.length).toBe(0);
    },
  );

  it("reads a file as it is", async () => {
    expect(String(await readBounded("package.json", 1_000_000, "archive"))).toContain("countersign");
  });
});
