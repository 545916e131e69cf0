/**
 * The names of all checks that stand between a rule that is well-formed and one that can be trusted (design 3.5, layer 5):
 * what each is called in a problem, in docs/lint.md and in tests. Everything here closes a way in which Rego makes true of
 * what nobody has seen.
 *
 * Those of `rules` and `lib` count in all code that a verdict or a fact hangs on, wherever it stands; the words of a rule,
 * `values` and `message`, are free.
 */
export const LINT_CHECKS = {
  "all-or-nothing": "elements drop out, and what is left passes",
  "amount-int": "`to_number` reads null as 0 and true as 1",
  "amount-units": "a text with a decimal point is read as an amount",
  "closed-list-positive": "a member with a closed list of values is asked what it is not",
  "code-form": 'a code is anything but `require["CODE"] if …`',
  "collects-nothing": "a comprehension or partial rule runs through nothing",
  "compare-amounts": "`<`, `<=`, `>` or `>=` with something that need not be a number",
  "compare-types": "values of two types are compared, which are never equal",
  "default-only-false": "a default lets pass what was not found",
  "else-without-condition": "an `else` lets pass what was not found",
  "every-not-some": "one good element is enough",
  "glob-delimiters": "`[]` is the delimiter `.`",
  "index-constant": "one element by its place, the others are not looked at",
  "name-the-member": "a read ends at an object, which is there even where its members are not",
  "needle-from-input": "a text from the document is looked for in another",
  "no-cross-rule": "a rule reads another rule",
  "no-entrypoint": "a rule makes itself an entrypoint",
  "no-shadow": "a rule or import takes the place of a built-in",
  "no-with": "`with` outside of tests",
  "not-own-rule": "`not` before a rule or function: whatever is missing in it makes it true",
  "one-body-per-code": "a code has two bodies, of which one is enough",
  "own-facts": "a rule reads a fact that it doesn't declare, or a fact reads the document",
  "partial-under-not": "`not` before what fails on some values",
  "pattern-anchored": "a pattern is found anywhere in the text",
  "pattern-literal": "a pattern is made of data or of the document",
  "pattern-valid": "a pattern is none",
  "sum-of-set": "a set is summed, in which equal amounts are one",
  "template-part": "a text holds `<undefined>` in place of what is missing",
} as const satisfies Readonly<Record<string, string>>;

export type LintName = keyof typeof LINT_CHECKS;

/** The table of docs/lint.md. */
export function lintAsMarkdown(): string {
  const rows = Object.entries(LINT_CHECKS).map(([name, what]) => `| [\`${name}\`](#${name}) | ${what} |`);
  return ["| check | what it refuses |", "|---|---|", ...rows].join("\n");
}
