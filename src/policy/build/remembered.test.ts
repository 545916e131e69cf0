import { expect, test } from "vitest";
import { Remembered } from "./remembered.ts";

test("another text, another split of the same text or another order is another question", async () => {
  const answers = new Remembered<string>();
  const questions = [["a", "bc"], ["ab", "c"], ["abc"], ["bc", "a"], ["a", "bc", ""], ['a","bc']];
  for (const question of questions) {
    const answer = question.join("|");
    expect(await answers.of(question, async () => answer)).toBe(answer);
  }
});

test("what could not be answered is asked again", async () => {
  const answers = new Remembered<string>();
  const refused = answers.of(["a"], async () => {
    throw new Error("no OPA");
  });
  await expect(refused).rejects.toThrow("no OPA");
  expect(await answers.of(["a"], async () => "an answer")).toBe("an answer");
});

test("the same question is asked once", async () => {
  const answers = new Remembered<string>();
  await answers.of(["a", "b"], async () => "an answer");
  expect(await answers.of(["a", "b"], async () => "another")).toBe("an answer");
});
