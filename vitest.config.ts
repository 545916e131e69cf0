import { defineConfig } from "vitest/config";

/** They put something else in the place of a module, or set what the whole process has: a process each. */
const APART = [
  "src/channels/tss/signer.test.ts",
  "src/ledger/writer.test.ts",
  "src/policy/download-request.test.ts",
  "src/policy/early-engine.test.ts",
  "src/policy/engine.test.ts",
  "src/proof/proof-aside.test.ts",
];

/** They start the server's own process: starts of it add up, more so beside other tests. */
const SERVERS = [
  "test/{bad-input,faults,push,releases,soak}/**/*.test.ts",
  "test/{*-docs,docs,history,policy-faults,serve}.test.ts",
  "test/property/never-approved.test.ts",
];

/** What a busy machine does late is no failure; what never happens still fails. */
const LIMITS = { testTimeout: 30_000, hookTimeout: 120_000, expect: { poll: { timeout: 15_000 } } };
/** What is imported is a third of the time of small files: they come one after the other in a few processes. */
const TOGETHER = { isolate: false, setupFiles: ["test/support/before-each-file.ts"] };

export default defineConfig({
  test: {
    globalSetup: ["test/support/build.ts"],
    maxWorkers: 3,
    // In the order of their names: what waits for others is begun first.
    projects: [
      { test: { ...LIMITS, name: "apart", include: APART } },
      { test: { ...LIMITS, ...TOGETHER, name: "servers", include: SERVERS, testTimeout: 120_000 } },
      {
        test: {
          ...LIMITS,
          ...TOGETHER,
          name: "units",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...SERVERS, ...APART],
        },
      },
    ],
  },
});
