import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReleaseAge } from "./age.ts";

const NOW = Date.UTC(2025, 5, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What the process has lived through, whatever a clock says. */
const pass = (ms: number): void => void vi.advanceTimersByTime(ms);
const STATEMENT = { created_at: NOW - 10 * DAY, expires_at: NOW + 20 * DAY };

function age(options: Partial<ConstructorParameters<typeof ReleaseAge>[0]> = {}): ReleaseAge {
  return new ReleaseAge({ statement: STATEMENT, maxAgeMs: DAY, confirmedAt: NOW, nowMs: NOW, ...options });
}

describe("expired", () => {
  const unaged = () => age({ maxAgeMs: undefined });

  it("from the very millisecond on, and never before", () => {
    expect(unaged().refusalAt(STATEMENT.expires_at - 1)).toBeUndefined();
    expect(unaged().refusalAt(STATEMENT.expires_at)).toMatchObject({
      code: "POLICY_EXPIRED",
      values: { expires_at: STATEMENT.expires_at },
      message: expect.stringContaining("2025-06-21T00:00:00.000Z"),
    });
  });

  it("is not undone by a clock that is set back", () => {
    const release = unaged();
    pass(20 * DAY);
    for (const clock of [NOW, NOW - DAY, 0]) expect(release.refusalAt(clock)?.code).toBe("POLICY_EXPIRED");
  });

  it("is not undone by being confirmed", () => {
    const release = age();
    pass(20 * DAY);
    release.confirm(NOW + 20 * DAY);
    expect(release.refusalAt(NOW + 20 * DAY)?.code).toBe("POLICY_EXPIRED");
    release.confirm(NOW);
    expect(release.refusalAt(NOW)?.code).toBe("POLICY_EXPIRED");
  });

  it("at the start", () => {
    expect(age({ nowMs: STATEMENT.expires_at, confirmedAt: STATEMENT.expires_at }).refusalAt(NOW)?.code).toBe(
      "POLICY_EXPIRED",
    );
  });
});

describe("stale", () => {
  it("once it was not confirmed for so long, until it is", () => {
    const release = age();
    expect(release.refusalAt(NOW + DAY - 1)).toBeUndefined();
    expect(release.refusalAt(NOW + DAY)).toMatchObject({
      code: "POLICY_STALE",
      values: { confirmed_at: NOW, max_age_ms: DAY },
    });
    pass(2 * DAY);
    release.confirm(NOW + 2 * DAY);
    expect(release.refusalAt(NOW + 2 * DAY)).toBeUndefined();
    expect(release.refusalAt(NOW + 3 * DAY)?.code).toBe("POLICY_STALE");
  });

  it("is not undone by a clock that is set back, nor by a machine that slept", () => {
    const release = age();
    pass(DAY);
    expect(release.refusalAt(NOW)?.code).toBe("POLICY_STALE");
    // Asleep, the process lived through nothing.
    expect(age().refusalAt(NOW + DAY)?.code).toBe("POLICY_STALE");
  });

  it("with a clock that was ahead when it was confirmed", () => {
    const release = age();
    release.confirm(NOW + 365 * DAY);
    pass(DAY);
    expect(release.refusalAt(NOW + DAY)?.code).toBe("POLICY_STALE");
  });

  it("from the start, where the last confirmation is older", () => {
    expect(age({ confirmedAt: NOW - DAY }).refusalAt(NOW)?.code).toBe("POLICY_STALE");
    const release = age({ confirmedAt: NOW - DAY + HOUR });
    expect(release.refusalAt(NOW)).toBeUndefined();
    pass(HOUR);
    expect(release.refusalAt(NOW)?.code).toBe("POLICY_STALE");
    expect(age({ confirmedAt: 0 }).refusalAt(NOW)?.code).toBe("POLICY_STALE");
  });

  it("never where nothing is said of it", () => {
    const release = age({ statement: undefined, maxAgeMs: undefined });
    pass(10_000 * DAY);
    expect(release.refusalAt(NOW + 10_000 * DAY)).toBeUndefined();
    expect(release.warningAt(NOW + 10_000 * DAY)).toBeUndefined();
    expect([release.expiresAt, release.staleAt]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });
});

describe("warns", () => {
  it("of the expiry when a fifth of the life is left, or two weeks", () => {
    const short = age({ maxAgeMs: undefined });
    expect(short.warningAt(STATEMENT.expires_at - 6 * DAY)).toBeUndefined();
    expect(short.warningAt(STATEMENT.expires_at - 6 * DAY + 1)?.code).toBe("RELEASE_EXPIRES");
    const long = age({
      maxAgeMs: undefined,
      statement: { created_at: NOW, expires_at: NOW + 365 * DAY },
    });
    expect(long.warningAt(NOW + 351 * DAY)).toBeUndefined();
    expect(long.warningAt(NOW + 351 * DAY + 1)?.code).toBe("RELEASE_EXPIRES");
  });

  it("of a place that does not show it, when half of the time has passed", () => {
    const release = age();
    expect(release.warningAt(NOW + 12 * HOUR)).toBeUndefined();
    expect(release.warningAt(NOW + 12 * HOUR + 1)).toMatchObject({
      code: "RELEASE_UNCONFIRMED",
      message: expect.stringContaining("2025-06-02T00:00:00.000Z"),
    });
  });

  it("no more once it is too late", () => {
    expect(age().warningAt(NOW + DAY)).toBeUndefined();
    expect(age().warningAt(STATEMENT.expires_at)).toBeUndefined();
  });
});
