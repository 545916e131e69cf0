import { expect, test } from "vitest";
import { notFollowed } from "./coverage.ts";

const FOLLOWED = {
  input: new Set(["transaction.destinations.*.address", "lists.sanctions.*", "channel"]),
  data: new Set(["allowlist.*.*"]),
};

test("a path that was not followed is reported", () => {
  const missed = [
    ["input", "transaction", "chain"],
    ["input", "transaction", "destinations", "*", "memo"],
    ["input", "channel", "deeper"],
    ["data", "blocked"],
  ];
  expect(notFollowed(missed, FOLLOWED)).toEqual(missed.map((path) => path.join(".")));
});

test("a path that is followed, or lies above one, is covered", () => {
  const covered = [
    ["input"],
    ["input", "transaction"],
    ["input", "transaction", "destinations", "*"],
    ["input", "lists", "sanctions", "0xaa"],
    ["input", "channel"],
    ["data", "allowlist", "ETH"],
    ["data", "rules", "transfer", "a", "helper"],
    ["data", "lib", "amount", "int"],
  ];
  expect(notFollowed(covered, FOLLOWED)).toEqual([]);
});
