import { expect, it } from "vitest";
import { ReleaseError } from "./release.ts";

it("says no more than goes into a log, whatever it names", () => {
  expect(new ReleaseError("index", `no key ${"k".repeat(10_000_000)}`).message).toHaveLength(16_384);
});
