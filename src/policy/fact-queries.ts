/**
 * What the rules of a release ask of history (design 3.8), from the answer of `countersign/facts` to a closed type.
 *
 * A query that the host would read otherwise than its author meant it lets a limit see less than was spent. So
 * nothing is skipped and nothing is filled in but the direction: what is unknown, misspelt or ambiguous is an error
 * of the release, with the rule and the fact that it stands in.
 */
import { z } from "zod";
import { parseDuration } from "../config/values.ts";
import { GROUPS, type Group, KINDS } from "../input/document.ts";
import { FACT_MEMBERS, type FactMember, type FactShape } from "../input/fact-shape.ts";
import { ReleaseError } from "./release.ts";

/** `(now - ms, now]`, or what the configured zone's calendar day or month has had so far. */
export type FactWindow =
  | { readonly type: "sliding"; readonly ms: number }
  | { readonly type: "calendar"; readonly unit: "day" | "month" };

/**
 * One query.
 *
 * @property rule - the rule's name within its group, as in `input.facts.<rule>`.
 * @property of - what a sum adds up; absent for all other kinds.
 * @property window - absent: all of history.
 */
export interface FactQuery {
  readonly group: Group;
  readonly rule: string;
  readonly name: string;
  readonly kind: "sum" | "count" | "first" | "last" | "flags" | "movement";
  readonly of?: "usd_micros" | "units";
  readonly shape: FactShape;
  readonly window?: FactWindow;
}

const MAX_WINDOW = "366d";
const MAX_WINDOW_MS = 366 * 86_400_000;

const text = z.string().min(1, "a constant says something");
/** The document's own spelling: movements have no other, so that any other would never be found. */
const address = text.refine(
  (value) => !/^0x[0-9a-f]{40}$/i.test(value) || value === value.toLowerCase(),
  "EVM addresses are in lower case",
);
const outpoint = z.string().regex(/^[^:]+:[0-9]+$/, "an outpoint is hash:index");

const whereSchema = z.strictObject({
  "organization.id": text.optional(),
  "project.id": text.optional(),
  "vault.id": text.optional(),
  "wallet.id": text.optional(),
  "transaction.chain": text.optional(),
  "transaction.token": text.optional(),
  "transaction.totals[].token": text.optional(),
  "transaction.destinations[].address": address.optional(),
  "transaction.sources[].address": address.optional(),
  "transaction.sources[].outpoint": outpoint.optional(),
  "initiator.id": text.optional(),
  kind: z.enum(KINDS).optional(),
  state: z.enum(["reserved", "signed", "broadcast", "settled"]).optional(),
  direction: z.enum(["in", "out"]).default("out"),
});

const windowSchema = z.string().transform((value, context): FactWindow => {
  if (value === "day" || value === "month") return { type: "calendar", unit: value };
  const ms = parseDuration(value);
  if (ms !== undefined && ms > 0 && ms <= MAX_WINDOW_MS) return { type: "sliding", ms };
  context.addIssue(
    ms === undefined
      ? `${JSON.stringify(value)} is no duration such as 30m, 24h or 7d, and neither day nor month`
      : `${value} is out of bounds: more than 0, at most ${MAX_WINDOW}`,
  );
  return z.NEVER;
});

const querySchema = z
  .strictObject({
    kind: z.enum(["sum", "count", "first", "last", "flags", "movement"]),
    of: z.enum(["usd_micros", "units"]).optional(),
    by: z.array(z.enum(FACT_MEMBERS)).optional(),
    where: whereSchema.default({ direction: "out" }),
    window: windowSchema.optional(),
  })
  .superRefine(({ kind, of, by, where, window }, context) => {
    const report = (message: string) => context.addIssue({ code: "custom", message });
    if (kind === "sum" && of === undefined) report("a sum says `of`: usd_micros or units");
    if (kind !== "sum" && of !== undefined) report(`only a sum has \`of\`, not a ${kind}`);
    if (of === "units" && by?.some(isToken) !== true) {
      report(
        "units of several tokens do not add up: `by` needs transaction.token or transaction.totals[].token",
      );
    }
    if (kind === "movement") {
      if (by !== undefined) report("the movement is the one that the transaction replaces: it has no `by`");
      if (window !== undefined)
        report("the movement is the one that the transaction replaces: it has no window");
      if (Object.keys(where).length > 1 || where.direction !== "out")
        report("the movement is the one that the transaction replaces: it has no `where`");
      return;
    }
    if (by === undefined) report("`by` is missing: name the members, or [] for all of history together");
    for (const member of repeated(by ?? [])) report(`\`by\` has ${member} twice`);
    if (new Set(by?.filter(isByElement)).size > 1) {
      report("`by` has two members with []: an answer is by one value only");
    }
    if (kind !== "flags") return;
    if (by?.length !== 1 || !by.every((member) => isByElement(member) && !isToken(member))) {
      report("flags are of addresses or of outpoints: `by` is one member with []");
    }
    if (Object.keys(where).length > 1 || where.direction !== "out")
      report("flags are all those of an address or an outpoint: they have no `where`");
    if (window !== undefined) report("flags are those that are open now: they have no window");
  });

const answerSchema = z.partialRecord(z.enum(GROUPS), z.record(z.string(), z.record(z.string(), z.unknown())));

/**
 * @param answer - of the entrypoint `countersign/facts`: queries by group, rule and name.
 * @returns in the order of group, rule and name.
 * @throws ReleaseError step `facts`, with every query at fault.
 */
export function compileFactQueries(answer: unknown): readonly FactQuery[] {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) {
    throw new ReleaseError("facts", `countersign/facts is no table of queries: ${wordsOf(parsed.error)}`);
  }
  const queries: FactQuery[] = [];
  const problems: string[] = [];
  for (const group of GROUPS) {
    for (const [rule, facts] of sorted(parsed.data[group] ?? {})) {
      for (const [name, stated] of sorted(facts)) {
        const query = querySchema.safeParse(stated);
        if (query.success) queries.push({ group, rule, name, ...compiled(query.data) });
        else problems.push(`${group}/${rule}: facts["${name}"]: ${wordsOf(query.error)}`);
      }
    }
  }
  if (problems.length > 0) throw new ReleaseError("facts", problems.join("\n"));
  return queries;
}

function compiled({
  kind,
  of,
  by,
  where,
  window,
}: z.infer<typeof querySchema>): Omit<FactQuery, "group" | "rule" | "name"> {
  return {
    kind,
    ...(of === undefined ? {} : { of }),
    shape: {
      by: [...(by ?? [])].sort(),
      where: { ...Object.fromEntries(sorted(where)), direction: where.direction },
    },
    ...(window === undefined ? {} : { window }),
  };
}

function isToken(member: FactMember): boolean {
  return member === "transaction.token" || member === "transaction.totals[].token";
}

function isByElement(member: FactMember): boolean {
  return member.includes("[]");
}

function repeated(members: readonly FactMember[]): FactMember[] {
  return [...new Set(members.filter((member, at) => members.indexOf(member) !== at))];
}

/** Entries by key, without those that are absent. */
function sorted<T>(record: Readonly<Record<string, T | undefined>>): [string, T][] {
  return Object.entries(record)
    .flatMap(([key, value]): [string, T][] => (value === undefined ? [] : [[key, value]]))
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function wordsOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}
