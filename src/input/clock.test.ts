import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isZone, nowMembers, startOf } from "./clock.ts";
import { documentSchema } from "./document.ts";

describe("zones", () => {
  it.each(["", "Mars/Olympus", "+01:00", "-05", "Europe", "Europe/Nowhere", "UTC; DROP"])(
    "refuses %j",
    (name) => {
      expect(isZone(name)).toBe(false);
    },
  );

  it.each(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])("takes %s", (name) => {
    expect(isZone(name)).toBe(true);
  });

  it("throws for a zone that is none", () => {
    expect(() => nowMembers(0, "Mars/Olympus")).toThrow(RangeError);
  });
});

describe("now", () => {
  it("gives the members in UTC", () => {
    expect(nowMembers(1_756_953_990_112, "UTC")).toEqual({
      ms: 1_756_953_990_112,
      date: "2025-09-04",
      time: "02:46:30",
      weekday: "thu",
      hour: 2,
      minute: 166,
      zone: "UTC",
    });
    expect(nowMembers(0, "UTC")).toMatchObject({ date: "1970-01-01", weekday: "thu", minute: 0 });
  });

  it("is exact over a clock change, in both directions and out of order", () => {
    const spring = Date.UTC(2025, 2, 30, 1, 0, 0);
    expect(nowMembers(spring - 1, "Europe/Berlin")).toMatchObject({ time: "01:59:59", minute: 119 });
    expect(nowMembers(spring, "Europe/Berlin")).toMatchObject({ time: "03:00:00", minute: 180 });
    const autumn = Date.UTC(2025, 9, 26, 1, 0, 0);
    expect(nowMembers(autumn, "Europe/Berlin").time).toBe("02:00:00");
    expect(nowMembers(autumn - 1, "Europe/Berlin").time).toBe("02:59:59");
  });

  it("agrees with Intl at any instant", () => {
    const zone = fc.constantFrom(
      "UTC",
      "America/St_Johns",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
      "Africa/Monrovia",
    );
    const instant = fc.integer({ min: 0, max: Date.UTC(2040, 0, 1) });
    fc.assert(
      fc.property(zone, instant, (name, ms) => {
        const now = nowMembers(ms, name);
        const [date, time] = new Intl.DateTimeFormat("sv-SE", {
          timeZone: name,
          dateStyle: "short",
          timeStyle: "medium",
        })
          .format(ms)
          .split(" ");
        expect([now.date, now.time]).toEqual([date, time]);
        const weekday = new Intl.DateTimeFormat("en-US", { timeZone: name, weekday: "short" }).format(ms);
        expect(now.weekday).toBe(weekday.toLowerCase());
        expect(documentSchema.shape.now.safeParse(now).success).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("is exact where an offset changes in the middle of a minute", () => {
    const change = Date.UTC(1972, 0, 7, 0, 44, 30);
    expect(nowMembers(change - 1000, "Africa/Monrovia").time).toBe("23:59:59");
    expect(nowMembers(change, "Africa/Monrovia").time).toBe("00:44:30");
  });

  it("costs little: a call in the same span asks Intl for nothing", () => {
    const start = Date.UTC(2026, 6, 1);
    nowMembers(start, "Europe/Berlin");
    const before = performance.now();
    for (let call = 0; call < 20_000; call += 1) nowMembers(start + call, "Europe/Berlin");
    expect((performance.now() - before) / 20_000).toBeLessThan(0.02);
  });
});

describe("the start of a day or month", () => {
  const dateOf = (ms: number, zone: string): string =>
    new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(ms);

  it.each([
    ["day", "UTC", "2026-03-05T12:00:00Z", "2026-03-05T00:00:00Z"],
    ["month", "UTC", "2026-03-05T12:00:00Z", "2026-03-01T00:00:00Z"],
    ["day", "Asia/Shanghai", "2026-03-05T17:00:00Z", "2026-03-05T16:00:00Z"],
    ["day", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z"],
    // Midnight was skipped: the day began at one o'clock.
    ["day", "America/Sao_Paulo", "2018-11-04T15:00:00Z", "2018-11-04T03:00:00Z"],
    ["month", "Europe/Berlin", "2026-04-15T12:00:00Z", "2026-03-31T22:00:00Z"],
  ] as const)("of a %s in %s at %s", (unit, zone, at, start) => {
    expect(new Date(startOf(unit, Date.parse(at), zone)).toISOString()).toBe(new Date(start).toISOString());
  });

  it("is the first instant that bears the date, in every zone", () => {
    const zones = [
      "UTC",
      "Europe/Berlin",
      "America/Sao_Paulo",
      "Asia/Beirut",
      "Pacific/Apia",
      "Africa/Cairo",
      "Asia/Kathmandu",
    ];
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(1995, 0, 1), max: Date.UTC(2030, 0, 1) }),
        fc.constantFrom(...zones),
        (ms, zone) => {
          const start = startOf("day", ms, zone);
          expect(start).toBeLessThanOrEqual(ms);
          expect(dateOf(start, zone)).toBe(dateOf(ms, zone));
          expect(dateOf(start - 1, zone)).not.toBe(dateOf(ms, zone));
        },
      ),
      { numRuns: 300 },
    );
  });
});
