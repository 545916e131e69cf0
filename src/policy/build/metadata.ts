/** The METADATA block of a rule's package: everything about a rule that is not Rego. */
import { z } from "zod";
import { GROUP_OF, type Group, KINDS, type Kind } from "../../input/document.ts";
import { FLAG_CODES, HOST_CODES } from "../../input/refusal.ts";
import { SEVERITIES, type Severity } from "../../severity.ts";
import { FLAG_ONCE, RULE_CODE } from "../rule-index.ts";
import { CONSEQUENCES, type Consequence } from "../verdict.ts";
import type { Annotation, Module } from "./ast.ts";
import type { Problem } from "./problem.ts";

const TAKEN: ReadonlySet<string> = new Set([...HOST_CODES, ...FLAG_CODES]);

const code = z
  .string()
  .regex(RULE_CODE, "a code is 3 to 64 capital letters, digits and underscores, and begins with a letter")
  .refine((name) => !TAKEN.has(name), "the code is one of the host's own");

const pathList = z.array(
  z.string().regex(/^[a-z_][a-z0-9_]*(\.(\*|[A-Za-z0-9_-]+))*$/, "a path is names and `*`, joined by dots"),
);

const customSchema = z
  .strictObject({
    severity: z.enum(SEVERITIES),
    kinds: z.array(z.enum(KINDS)).min(1).optional(),
    requires: z.record(code, z.enum(CONSEQUENCES)).optional(),
    approves: z.array(code).min(1).optional(),
    optional: pathList.optional(),
    allow_empty: pathList.optional(),
    mandatory: z.boolean().optional(),
    flag_once: z.enum(FLAG_ONCE).optional(),
  })
  .refine(
    ({ requires, approves }) => Object.keys(requires ?? {}).length + (approves ?? []).length > 0,
    "a rule has codes: `requires: {CODE: deny}` or `approves: [CODE]`",
  )
  .refine(({ requires, approves }) => {
    const codes = [...Object.keys(requires ?? {}), ...(approves ?? [])];
    return new Set(codes).size === codes.length;
  }, "a code stands twice in `requires` and `approves`");

const CUSTOM_KEYS = "severity, kinds, requires, approves, optional, allow_empty, mandatory, flag_once";

/** Their documents are pushes: what has happened is not approved, it is flagged. */
const PUSH_GROUPS: readonly Group[] = ["deposit", "withdrawal"];

/** `lib/flags` lets be spent what flags of these are about. */
const LIGHT: readonly Severity[] = ["low", "medium"];

export interface Metadata {
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly kinds: readonly Kind[];
  readonly requires: ReadonlyMap<string, Consequence>;
  readonly approves: readonly string[];
  readonly optional: readonly string[];
  readonly allowEmpty: readonly string[];
  readonly mandatory: boolean;
  readonly flagOnce: (typeof FLAG_ONCE)[number] | undefined;
}

/** The metadata of one rule module, or undefined with problems. */
export function readMetadata(module: Module, group: Group, problems: Problem[]): Metadata | undefined {
  const report = (line: number, message: string) => problems.push({ file: module.file, line, message });
  const [annotation, second] = module.annotations.filter(({ scope }) => scope === "package");
  if (annotation === undefined) {
    report(
      module.packageLine,
      "has no METADATA above its `package` line: write `# METADATA` with `title` and `custom: {severity, requires}`",
    );
    return undefined;
  }
  if (second !== undefined) report(second.line, "METADATA for the package stands here a second time");
  if (annotation.title === undefined || annotation.title.trim() === "") {
    report(annotation.line, "METADATA has no `title`");
  }
  const custom = customSchema.safeParse(annotation.custom ?? {});
  if (!custom.success) {
    for (const message of custom.error.issues.map(spellIssue))
      report(annotation.line, `METADATA custom${message}`);
    return undefined;
  }
  const { severity, kinds, requires, approves, optional, allow_empty, mandatory, flag_once } = custom.data;
  for (const message of groupProblems(custom.data, group))
    report(annotation.line, `METADATA custom${message}`);
  if (annotation.title === undefined) return undefined;
  return {
    title: annotation.title.trim(),
    description: (annotation.description ?? "").trim(),
    severity,
    kinds: [...new Set(kinds ?? kindsOf(group))],
    requires: new Map(Object.entries(requires ?? {})),
    approves: approves ?? [],
    optional: [...new Set(optional ?? [])].sort(),
    allowEmpty: [...new Set(allow_empty ?? [])].sort(),
    mandatory: mandatory ?? false,
    flagOnce: flag_once,
  };
}

function kindsOf(group: Group): Kind[] {
  return KINDS.filter((kind) => GROUP_OF[kind] === group);
}

/** What does not go with the group that the rule is of. */
function groupProblems(
  { severity, kinds = [], approves, flag_once }: z.output<typeof customSchema>,
  group: Group,
): string[] {
  const problems: string[] = [];
  const ofGroup = kindsOf(group);
  for (const kind of kinds) {
    if (!ofGroup.includes(kind)) {
      problems.push(`.kinds: ${kind} is not of the group ${group} (${ofGroup.join(", ")})`);
    }
  }
  const isPush = PUSH_GROUPS.includes(group);
  if (isPush && approves !== undefined) {
    problems.push(`.approves: nobody asks before a ${group}, its rules have requirements alone`);
  }
  if (!isPush && flag_once !== undefined) {
    problems.push(`.flag_once: only rules on pushes raise flags (${PUSH_GROUPS.join(", ")})`);
  }
  // It marks the first address alone. What is severe holds the address of each deposit, so each needs a flag of its own.
  if (isPush && flag_once !== undefined && !LIGHT.includes(severity)) {
    problems.push(
      `.flag_once: a flag of severity ${severity} holds what it is about, so each deposit needs one of its own`,
    );
  }
  return problems;
}

function spellIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.length === 0 ? "" : `.${issue.path.join(".")}`;
  if (issue.code === "unrecognized_keys") {
    return `${path}: unknown ${issue.keys.join(", ")}; known are ${CUSTOM_KEYS}`;
  }
  if (issue.code === "invalid_key") return `${path}: ${issue.issues[0]?.message ?? issue.message}`;
  return `${path}: ${issue.message}`;
}

/** METADATA that is not the rule's own: on a rule, for subpackages, or making an entrypoint. */
export function strayAnnotationProblems(module: Module): Problem[] {
  return module.annotations.flatMap((annotation) =>
    misuse(annotation).map((message) => ({ file: module.file, line: annotation.line, message })),
  );
}

function misuse({ scope, entrypoint, custom, others, text }: Annotation): string[] {
  const found: string[] = [];
  // OPA reads the first YAML document only: what a person reads below the line would count for nothing.
  if (/^#[ \t]?(---|\.\.\.)/m.test(text))
    found.push("METADATA ends at a line of `---` or `...`, what follows is not read: remove the line");
  if (entrypoint)
    found.push("no-entrypoint: `entrypoint` belongs to the generated countersign/ alone: remove it");
  if (scope === "subpackages")
    found.push("METADATA of scope `subpackages` is not read: put it above the `package` line");
  if (scope !== "package" && custom !== undefined) {
    found.push("METADATA with `custom` stands above a rule: put it above the `package` line");
  }
  if (others.includes("schemas"))
    found.push("METADATA `schemas` would hide the document's own schema: remove it");
  return found;
}
