/**
 * Self-tests: requests that a release carries with it, each with what has to come of it. They are decided by the very
 * engine that is to serve, before it does (design 3.10). Here is what the archive has of them; `proof/self-tests.ts`
 * runs them.
 */
import { z } from "zod";
import { documentSchema } from "../input/document.ts";
import { type JsonValue, parseStrictJson } from "../input/strict-json.ts";
import { messageOf } from "../thrown.ts";
import { ReleaseError } from "./release.ts";
import { RULE_CODE } from "./rule-index.ts";

/** Where the archive has them. A release without the file has none. */
export const CASES_FILE = "/cases.json";

/** What a release may carry. Each case is read on the thread that answers requests, between two of them. */
export const SELF_TEST_LIMITS = {
  cases: 1000,
  requestBytes: 128 * 1024,
  totalBytes: 4 * 1024 * 1024,
} as const;

/** The channels whose requests can be judged without a server. */
export const CASE_CHANNELS = ["tss.v2", "tss.v1", "push.custodial", "push.mpc", "confirm.waas1"] as const;
export type CaseChannel = (typeof CASE_CHANNELS)[number];

/** A failure of ours is nothing that a release could want. */
const ASKED_OUTCOMES = ["approved", "denied", "held", "unapproved", "unusable"] as const;
const TOLD_OUTCOMES = ["clear", "noted", "flagged", "unusable"] as const;
const OUTCOMES = [...new Set([...ASKED_OUTCOMES, ...TOLD_OUTCOMES])] as const;

/** Whether a channel tells of what happened instead of asking. */
export function isTold(channel: CaseChannel): channel is "push.custodial" | "push.mpc" {
  return channel === "push.custodial" || channel === "push.mpc";
}

/** The last millisecond of the year 9999. */
const MAX_MS = 253_402_300_799_999;

/** @property codes - all of them have to be among the reasons, or what is noted; others may be there as well. */
const expectSchema = z.strictObject({
  outcome: z.enum(OUTCOMES),
  codes: z.array(z.string().regex(RULE_CODE, "no code of a rule or of the host")).optional(),
});

/** What a case says besides its request, in the folder as in the archive. */
export const caseMembers = {
  prices: z
    .record(z.string(), z.string().regex(/^(0|[1-9][0-9]*)(\.[0-9]+)?$/, "no plain decimal in quotes"))
    .optional(),
  lists: documentSchema.shape.lists,
  facts: documentSchema.shape.facts,
  expect: expectSchema,
};

/**
 * @property title - of its own within a release. @property place - file and line in the source folder.
 * @property request - the text as it comes: a callback's request with its two members as strings, or a push's body.
 * @property now - the clock, milliseconds since the epoch.
 * @property prices - US dollars for a whole unit, by token.
 * @property lists - what lists say, by the list's name; of another list that a rule reads nobody is on it.
 * @property facts - what history says, by rule and name; all else that is asked for never happened.
 */
const selfTestSchema = z
  .strictObject({
    title: z.string().min(1).max(200),
    place: z.string().min(1).max(600),
    channel: z.enum(CASE_CHANNELS),
    request: z.string().min(1).max(SELF_TEST_LIMITS.requestBytes),
    now: z.int().min(0).max(MAX_MS),
    ...caseMembers,
  })
  .superRefine(({ channel, expect: { outcome } }, context) => {
    const known: readonly string[] = isTold(channel) ? TOLD_OUTCOMES : ASKED_OUTCOMES;
    if (known.includes(outcome)) return;
    const message = `${outcome} comes of no ${channel}: one of ${known.join(", ")}`;
    context.addIssue({ code: "custom", path: ["expect", "outcome"], message });
  });

export type SelfTest = Readonly<z.infer<typeof selfTestSchema>>;

/** @returns the case, or what is wrong with it, in words that name the member. */
export function checkSelfTest(value: unknown): SelfTest | { readonly problem: string } {
  const parsed = selfTestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") ?? "";
  return { problem: `${where === "" ? "" : `${where}: `}${issue?.message ?? "no case"}` };
}

/** What is wrong with all of them together; undefined where nothing is. */
export function limitsExceeded(cases: readonly SelfTest[], bytes: number): string | undefined {
  const { cases: most, totalBytes } = SELF_TEST_LIMITS;
  if (bytes > totalBytes) return `the cases have ${bytes} bytes, at most ${totalBytes} are carried`;
  if (cases.length > most) return `there are ${cases.length} cases, at most ${most} are carried`;
  return undefined;
}

/** As they stand in the archive: the same cases give the same text. */
export function selfTestsText(cases: readonly SelfTest[]): string {
  return `${JSON.stringify(cases)}\n`;
}

/**
 * Reads what an archive carries.
 *
 * @throws {ReleaseError} step `self_test`
 */
export function parseSelfTests(text: string): readonly SelfTest[] {
  const refuse = (message: string, cause?: unknown): never => {
    throw new ReleaseError("self_test", message, cause);
  };
  const bytes = Buffer.byteLength(text);
  const tooLarge = limitsExceeded([], bytes);
  if (tooLarge !== undefined) return refuse(tooLarge);
  let value: JsonValue = null;
  try {
    value = parseStrictJson(text);
  } catch (error) {
    refuse(`${CASES_FILE}: ${messageOf(error)}`, error);
  }
  if (!Array.isArray(value)) return refuse(`${CASES_FILE} is no list of cases`);
  if (value.length > SELF_TEST_LIMITS.cases) {
    return refuse(`there are ${value.length} cases, at most ${SELF_TEST_LIMITS.cases} are carried`);
  }
  const titles = new Set<string>();
  return value.map((each, index) => {
    const checked = checkSelfTest(each);
    if ("problem" in checked) return refuse(`case ${index + 1}: ${checked.problem}`);
    if (titles.has(checked.title))
      return refuse(`case ${index + 1}: ${quoted(checked.title)} is there twice`);
    titles.add(checked.title);
    return checked;
  });
}

/** A title in a message, as one line. */
export function quoted(title: string): string {
  return JSON.stringify(title);
}
