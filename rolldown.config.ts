/**
 * The build: all of `src` and what it uses, in a few files, so that a start reads few. An entry is whatever a process or
 * a thread begins with, and each lies where `package.json` names it.
 */
import { defineConfig, type Plugin } from "rolldown";

const ENTRIES = [
  "cli/main",
  "cli/generate",
  "channels/tss/signer-worker",
  "evidence/evidence-worker",
  "feeds/list-reader-worker",
  "ledger/reader-worker",
  "ledger/verify-worker",
  "ledger/writer-worker",
  "policy/download-worker",
  "policy/worker",
  "proof/proving-worker",
  "proof/reading-worker",
];

/** Zod's messages in fifty languages, which nothing asks for: every thread that has a schema would read them. */
const ENGLISH_ALONE: Plugin = {
  name: "english-alone",
  load: { filter: { id: /\/zod\/v4\/locales\/index\.js$/ }, handler: () => "export {};" },
};

export default defineConfig({
  input: Object.fromEntries(ENTRIES.map((entry) => [entry, `src/${entry}.ts`])),
  platform: "node",
  plugins: [ENGLISH_ALONE],
  // libsql finds the library of its platform by itself; what begins with # is a file of this package.
  external: [/^libsql/, /^#/],
  output: {
    dir: "dist",
    cleanDir: true,
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
  },
});
