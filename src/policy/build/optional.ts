/** What a rule may list as `optional`: what it says so of is absent without refusing. */
import type { Term } from "./ast.ts";
import type { FoundRule } from "./index-rules.ts";

const OPTIONAL_HINT = "list the member below it whose absence means something";

/**
 * What a rule looks at when it judges at all: its absence excuses nothing. Effects and totals may be absent, but only
 * where the host sees that there are none (`excuses.ts`).
 */
const NEVER_OPTIONAL: readonly string[] = [
  "evidence.key",
  "evidence.status",
  "key.participants",
  "transaction.destinations",
];

/** What a flag leaves open, of a deposit whose amount or price nobody knew. */
const FLAGGED_AMOUNT = /^facts\.[^.]+\.[^.]+\.\*\.open\.\*\.amount(\.|$)/;

/** Requests of version 1 name no wallet, and many push messages nobody who asked. A rule says what it makes of that. */
const MAY_BE_WHOLE: readonly string[] = ["initiator", "wallet"];

/**
 * What is wrong with the list of a rule.
 *
 * @param shortName - of the rule. @param reads - all that it reads of the document.
 */
export function optionalProblems(rule: FoundRule, shortName: string, reads: ReadonlySet<string>): string[] {
  const spared = sparedFacts(rule, shortName);
  return rule.metadata.optional.flatMap((path) => [
    ...(isTooWide(path) && !spared.has(path)
      ? [`\`optional\` lists ${path}: without it nothing is seen; ${OPTIONAL_HINT}`]
      : []),
    ...([...reads].some((read) => read === path || read.startsWith(`${path}.`))
      ? []
      : [`\`optional\` lists ${path}, which the rule does not read`]),
  ]);
}

/** A whole member, a list that is not loaded, a fact that can't be had, or what every judgement needs. */
function isTooWide(path: string): boolean {
  const [first, , third] = path.split(".");
  if (first === "lists") return third === undefined;
  if (first === "facts") return !FLAGGED_AMOUNT.test(path);
  return (!path.includes(".") && !MAY_BE_WHOLE.includes(path)) || NEVER_OPTIONAL.includes(path);
}

/**
 * The facts that may be absent where the host sees why: what is replaced, where nothing is; of a message by its tokens
 * or recipients, where it moves nothing; of a deposit by its senders, where it names none.
 */
function sparedFacts({ facts, group }: FoundRule, shortName: string): ReadonlySet<string> {
  const spared = [...facts].filter(([, { head }]) => {
    const by = memberOf(head.value, "by");
    if (group === "deposit") return by.includes("transaction.sources[].address");
    if (group !== "message") return memberOf(head.value, "kind").includes("movement");
    return by.includes("transaction.totals[].token") || by.includes("transaction.destinations[].address");
  });
  return new Set(spared.map(([name]) => `facts.${shortName}.${name}`));
}

/** The literals of one member of a query. */
function memberOf(query: Term | undefined, name: string): unknown[] {
  if (query?.type !== "object") return [];
  const member = query.entries.find(([key]) => key.type === "constant" && key.value === name)?.[1];
  const items = member?.type === "array" ? member.items : [member];
  return items.flatMap((item) => (item?.type === "constant" ? [item.value] : []));
}
