import { expect, test } from "vitest";
import { decisionId, flagId, judgementId, pushId } from "./decision-id.ts";

test("ids have their form, sort by time and never repeat", () => {
  const ids = Array.from({ length: 20_000 }, decisionId);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^d_[0-9A-HJKMNP-TV-Z]{26}$/);
});

test("ids say what they are of", () => {
  expect(pushId()).toMatch(/^p_[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(judgementId()).toMatch(/^j_[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(flagId()).toMatch(/^g_[0-9A-HJKMNP-TV-Z]{26}$/);
});
