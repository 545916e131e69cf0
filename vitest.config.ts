import { defineConfig } from "vitest/config";

/** They put something else in the place of a module, or set what the whole process has: a process each. */
const APART = [
  "src/channels/tss/signer.test.ts",
  "src/ledger/writer.test.ts",
  "src/policy/download-request.test.ts",
  "src/policy/engine.test.ts",
];

/** They start the server's own process. Their own is theirs alone, too: their clocks are set, and they wait the longest. */
const SERVERS = [
  "test/{bad-input,faults,push,releases,soak}/**/*.test.ts",
  "test/{*-docs,docs,history,message-rules,policy-faults,serve}.test.ts",
  "test/property/never-approved.test.ts",
];

/** What a busy machine does late is no failure; what never happens still fails. */
const LIMITS = { testTimeout: 30_000, hookTimeout: 120_000, expect: { poll: { timeout: 15_000 } } };

export default defineConfig({
  test: {
    globalSetup: ["test/support/build.ts"],
    maxWorkers: 3,
    // The first ones are started first: those that take long.
    projects: [
      { test: { ...LIMITS, name: "servers", include: [...SERVERS, ...APART] } },
      {
        test: {
          ...LIMITS,
          name: "units",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...SERVERS, ...APART],
          // What they import is a third of their time.
          isolate: false,
        },
      },
    ],
  },
});
