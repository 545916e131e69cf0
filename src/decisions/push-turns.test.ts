import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { PushTurns } from "./push-turns.ts";

const patient = async (before: Promise<unknown>) => {
  await before;
};

describe("messages that share a name", () => {
  it("go one after the other, whatever became of those before", async () => {
    const turns = new PushTurns();
    const seen: string[] = [];
    const work = (name: string, ms: number) => async () => {
      seen.push(`${name} begins`);
      await sleep(ms);
      seen.push(`${name} ends`);
      if (name === "a") throw new Error("failed");
    };
    const a = turns.run(["cobo:1", "request:1"], patient, work("a", 20));
    const b = turns.run(["request:1", "cobo:2"], patient, work("b", 5));
    const c = turns.run(["cobo:2"], patient, work("c", 0));
    await expect(a).rejects.toThrow("failed");
    await Promise.all([b, c]);
    expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("wait for what one of them left behind, and for those before one that gave up", async () => {
    const turns = new PushTurns();
    const seen: string[] = [];
    const first = turns.run(["x"], patient, async (held) => {
      held(sleep(30).then(() => seen.push("durable")));
    });
    const second = turns.run(
      ["x"],
      () => Promise.reject(new Error("too late")),
      async () => {
        seen.push("never");
      },
    );
    const third = turns.run(["x"], patient, async () => {
      seen.push("third");
    });
    await first;
    await expect(second).rejects.toThrow("too late");
    await third;
    expect(seen).toEqual(["durable", "third"]);
  });
});

it("others go at once", async () => {
  const turns = new PushTurns();
  const seen: string[] = [];
  const slow = turns.run(["x"], patient, async () => {
    await sleep(20);
    seen.push("slow");
  });
  for (const keys of [["y"], []]) {
    await turns.run(keys, patient, async () => {
      seen.push("other");
    });
  }
  await slow;
  await turns.run(
    ["x"],
    () => Promise.reject(new Error("there is nobody before")),
    async () => {},
  );
  expect(seen).toEqual(["other", "other", "slow"]);
});
