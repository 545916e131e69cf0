import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Ahead } from "./ahead.ts";

/** Notes what was made, and fails at one of them. */
function* upTo(count: number, made: number[], failsAt = Number.POSITIVE_INFINITY): Generator<number> {
  for (let at = 1; at <= count; at += 1) {
    if (at === failsAt) throw new Error(`no ${at}`);
    made.push(at);
    yield at;
  }
}

async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await turn();
}

describe("what is made ahead", () => {
  it.each([0, 2, 20])(
    "fails where making it fails, and is not taken for whole: after %i turns",
    async (wait) => {
      const taken: number[] = [];
      const ahead = new Ahead(upTo(9, [], 6));
      await turns(wait);
      expect(() => taken.push(...ahead)).toThrow("no 6");
      for (const each of new Ahead(upTo(5, []))) taken.push(each);
      expect(taken).toEqual([1, 2, 3, 4, 5]);
    },
  );

  it("is not asked for twice", () => {
    const ahead = new Ahead(upTo(9, []));
    for (const _each of ahead) break;
    expect(() => [...ahead]).toThrow("asked for once");
  });

  it.each([0, 1, 3, 20])("is all of it, each once, in its order: after %i turns", async (wait) => {
    const made: number[] = [];
    const ahead = new Ahead(upTo(9, made));
    await turns(wait);
    const all = [...ahead];
    await turns(3);
    expect([all, made]).toEqual([made, [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  });

  it("is made while nobody asks, and no more of it than is asked for then", async () => {
    const made: number[] = [];
    const ahead = new Ahead(upTo(100, made));
    await turns(5);
    expect(made.length).toBeGreaterThan(2);
    for (const _each of ahead) break;
    const { length } = made;
    await turns(5);
    expect(made.length).toBe(length);
  });
});
