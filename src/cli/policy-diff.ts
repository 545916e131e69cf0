/** `policy diff`: what one release decides on that another did not. */
import type { Command } from "commander";
import type { EntryDiff, TableDiff } from "../policy/diff/data.ts";
import type { ReleaseDiff } from "../policy/diff/diff.ts";
import type { Change, FileDiff } from "../policy/diff/files.ts";
import type { MemberDiff, RuleDiff } from "../policy/diff/rules.ts";
import { EXIT, type ExitCode, printJson, runCommand } from "./output.ts";
import { releaseBytes } from "./release-file.ts";

/** Adds `diff` to `policy`. */
export function registerPolicyDiff(policy: Command): void {
  policy
    .command("diff")
    .description("which rules and data differ between two releases, and how; what is looser comes first")
    .argument("<before>", "a release file, or a folder of Rego")
    .argument("<after>", "likewise")
    .option("--json", "print one JSON object")
    .action((before: string, after: string, { json }: { json?: true }) =>
      runCommand(json === true, async () => diff(before, after, json === true)),
    );
}

async function diff(before: string, after: string, json: boolean): Promise<ExitCode> {
  const { diffReleases } = await import("../policy/diff/diff.ts");
  const found = await diffReleases(await releaseBytes(before), await releaseBytes(after));
  if (json) printJson(found);
  else console.log(lines(found).map(visible).join("\n"));
  return EXIT.done;
}

/** What an author wrote, as one line that steers no terminal and hides nothing: what can't be seen is spelled. */
function visible(line: string): string {
  return line
    .replaceAll("\t", "    ")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (each) => `\\u{${each.codePointAt(0)?.toString(16) ?? ""}}`);
}

const SIGNS: Readonly<Record<Change, string>> = { added: "+", removed: "-", changed: "~" };

function lines(found: ReleaseDiff): string[] {
  const { before, after, same, looser, about, rules, libraries, data, cases, files, others } = found;
  const identity = [
    `before  revision ${before.revision}, sha256 ${before.sha256}`,
    `after   revision ${after.revision}, sha256 ${after.sha256}`,
  ];
  if (same) return [...identity, "", "nothing else differs: rules, data and cases are the same"];
  return [
    ...identity,
    ...section(
      "LOOSER",
      looser.map(({ what, rule, message }) => `! ${what}: ${rule === undefined ? "" : `${rule} `}${message}`),
    ),
    ...section("ABOUT", about.flatMap(memberLines)),
    ...section("RULES", rules.flatMap(ruleLines)),
    ...section(
      "LIBRARIES",
      libraries.map(
        ({ file, change, rules: reach }) =>
          `${SIGNS[change]} ${file}  ${reach.length === 0 ? "no rule reads it" : `read by ${reach.join(", ")}`}`,
      ),
    ),
    ...section("DATA", [
      ...data.tables.flatMap(tableLines),
      ...(data.more === 0 ? [] : [`and ${data.more} more tables`]),
    ]),
    ...section("CASES", caseLines(cases)),
    ...section("REGO", files.flatMap(fileLines)),
    ...section("OTHER FILES", others.flatMap(fileLines)),
  ];
}

function section(title: string, content: readonly string[]): string[] {
  return content.length === 0 ? [] : ["", title, ...content.map((line) => `  ${line}`)];
}

function memberLines(diff: MemberDiff): string[] {
  if ("added" in diff) {
    const signed = [...diff.removed.map((each) => `- ${each}`), ...diff.added.map((each) => `+ ${each}`)];
    return [`${diff.member}: ${signed.join("  ")}`];
  }
  return [`${diff.member}: ${diff.before ?? "none"} -> ${diff.after ?? "none"}`];
}

function ruleLines({ rule, change, title, severity, members, rego }: RuleDiff): string[] {
  return [
    `${SIGNS[change]} ${rule}  ${severity}  ${title}`,
    ...members.flatMap(memberLines).map((line) => `    ${line}`),
    ...(rego.length === 0 ? [] : [`    Rego: ${rego.join(", ")}`]),
  ];
}

function tableLines({ path, added, removed, changed, entries }: TableDiff): string[] {
  const counts = Object.entries({ added, removed, changed }).flatMap(([change, count]) =>
    count === 0 ? [] : [`${count} ${change}`],
  );
  const isAll = entries.length === added + removed + changed;
  return [
    `${path}  ${counts.join(", ")}`,
    ...entries.map((entry) => `    ${entryLine(entry)}`),
    ...(isAll ? [] : ["    ..."]),
  ];
}

function entryLine({ change, key, before, after }: EntryDiff): string {
  const values = [before, after].filter((value) => value !== undefined).join(" -> ");
  return `${SIGNS[change]} ${key === undefined ? "" : `${key}: `}${values}`;
}

function caseLines({ before, after, added, removed, changed }: ReleaseDiff["cases"]): string[] {
  const all = [
    ...removed.map((title) => `- ${title}`),
    ...added.map((title) => `+ ${title}`),
    ...changed.map((title) => `~ ${title}`),
  ];
  return all.length === 0 ? [] : [`${before} before, ${after} after`, ...all];
}

function fileLines({ file, change, lines: content }: FileDiff): string[] {
  if (change !== "changed") return [`${SIGNS[change]} ${file}`];
  return [`~ ${file}`, ...(content ?? ["too much differs to show it here"]).map((line) => `    ${line}`)];
}
