/**
 * Not a command of users': writes, or with `--check` compares, what this repository generates from its code:
 * the entrypoints and the schema in `policies/`, and the tables in the docs.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { kindsAsMarkdown } from "../channels/tss/kinds.ts";
import { checksAsMarkdown } from "../evidence/checks.ts";
import { staleGenerated, writeGenerated } from "../policy/build/generated.ts";
import { lintAsMarkdown } from "../policy/build/lint/checks.ts";
import { ROOT } from "../root.ts";
import { EXIT, runCommand, UsageError } from "./output.ts";

const POLICIES = fileURLToPath(new URL("policies", ROOT));

/** The generated parts of the docs: what stands between `<!-- generated: NAME -->` and `<!-- /generated -->`. */
const SECTIONS = [
  { page: "docs/input.md", name: "kinds", text: kindsAsMarkdown },
  { page: "docs/evidence.md", name: "checks", text: checksAsMarkdown },
  { page: "docs/lint.md", name: "lint", text: lintAsMarkdown },
] as const;

/** The page with the section's text replaced. @throws Error where the page lacks the section. */
function withSection(page: string, name: string, text: string): string {
  const begin = `<!-- generated: ${name} -->\n`;
  const end = "<!-- /generated -->";
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`no section ${name}`);
  return `${page.slice(0, from + begin.length)}${text}${text.endsWith("\n") ? "" : "\n"}${page.slice(to)}`;
}

async function write(): Promise<void> {
  await writeGenerated(POLICIES);
  for (const { page, name, text } of SECTIONS) {
    const file = new URL(page, ROOT);
    await writeFile(file, withSection(await readFile(file, "utf8"), name, text()));
  }
}

async function stale(): Promise<string[]> {
  const found = (await staleGenerated(POLICIES)).map((file) => `policies/${file}`);
  for (const { page, name, text } of SECTIONS) {
    const before = await readFile(new URL(page, ROOT), "utf8");
    if (withSection(before, name, text()) !== before) found.push(page);
  }
  return found;
}

await runCommand(false, async () => {
  const [mode] = process.argv.slice(2);
  if (mode === "--write") {
    await write();
    return EXIT.done;
  }
  if (mode !== "--check") throw new UsageError("--write or --check");
  const files = await stale();
  for (const file of files) console.error(`${file} is stale: run make generated`);
  return files.length === 0 ? EXIT.done : EXIT.failed;
});
