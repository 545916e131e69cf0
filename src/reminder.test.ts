import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Reminder } from "./reminder.ts";

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it("says a thing once, and again after a day", () => {
  const reminder = new Reminder();
  expect(reminder.isDue("old")).toBe(true);
  expect(reminder.isDue("old")).toBe(false);
  vi.advanceTimersByTime(DAY_MS - 1);
  expect(reminder.isDue("old")).toBe(false);
  vi.advanceTimersByTime(1);
  expect(reminder.isDue("old")).toBe(true);
  expect(reminder.isDue("old")).toBe(false);
});

it("says at once what is another thing, or wrong once more", () => {
  const reminder = new Reminder();
  expect(reminder.isDue("old")).toBe(true);
  expect(reminder.isDue("too old")).toBe(true);
  reminder.clear();
  expect(reminder.isDue("too old")).toBe(true);
});
