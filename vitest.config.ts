import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: ["test/support/build.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // What a busy machine does late is no failure; what never happens still fails.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 3,
  },
});
