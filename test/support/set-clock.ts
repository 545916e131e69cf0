/** For the tests: a server whose clock a file sets, and a node whose clock goes with it. */
import { writeFileSync } from "node:fs";
import { vi } from "vitest";
import type { Installation } from "./installation.ts";

/** Loaded before the server: its clock is the machine's and what the file says, milliseconds. */
const PRELOAD = `
  import { readFileSync } from "node:fs";
  const file = process.env.COUNTERSIGN_TEST_CLOCK;
  const RealDate = Date;
  const realNow = RealDate.now;
  const now = () => realNow() + Number(readFileSync(file, "utf8"));
  globalThis.Date = class Date extends RealDate {
    constructor(...parts) { if (parts.length === 0) super(now()); else super(...parts); }
    static now() { return now(); }
  };`;

export interface ServerClock {
  /** What the server is started with. */
  readonly environment: Record<string, string>;
  /**
   * Sets it to so many milliseconds ahead of the machine's, or behind. The node's clock goes with it: what is tested
   * are not the times in tokens. The test has `vi.useFakeTimers({ toFake: ["Date"] })`.
   */
  set(offset: number): void;
}

export function serverClock(installation: Installation): ServerClock {
  const file = installation.write("clock", "0");
  return {
    environment: {
      NODE_OPTIONS: `--import=${installation.write("clock.mjs", PRELOAD)}`,
      COUNTERSIGN_TEST_CLOCK: file,
    },
    set(offset) {
      writeFileSync(file, String(offset));
      vi.setSystemTime(performance.timeOrigin + performance.now() + offset);
    },
  };
}
