/**
 * Whether a pattern of RE2 matches whole texts only: each alternative at its top begins with `^` or `\A` and ends with `$` or
 * `\z`, and no flag makes those mean lines. What is anchored in another way counts as not anchored.
 */
export function isAnchored(pattern: string): boolean {
  if (/\(\?[a-zA-Z]*m/.test(pattern)) return false;
  const flags = /^(\(\?[a-zA-Z]+\))*/.exec(pattern)?.[0] ?? "";
  return alternatives(pattern.slice(flags.length)).every(
    (text) => /^(\^|\\A)/.test(text) && endsAnchored(text),
  );
}

function endsAnchored(text: string): boolean {
  const end = /(\\*)(\$|z)$/.exec(text);
  if (end === null) return false;
  const [, slashes = "", last] = end;
  // An even number of backslashes are escaped themselves.
  return last === "$" ? slashes.length % 2 === 0 : slashes.length % 2 === 1;
}

/** The parts between the `|` that stand in no group and no class. */
function alternatives(pattern: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const quoted = !inClass && pattern.startsWith("\\Q", at);
    const length = quoted ? quotedLength(pattern, at) : pattern[at] === "\\" ? 2 : 1;
    const piece = pattern.slice(at, at + length);
    if (piece === "[" && !inClass) {
      inClass = true;
      // The first `]` of a class is a letter.
      const first = /^\[\^?\]?/.exec(pattern.slice(at))?.[0] ?? piece;
      parts.push((parts.pop() ?? "") + first);
      at += first.length - 1;
      continue;
    }
    if (piece === "]") inClass = false;
    if (!inClass && piece === "(") depth += 1;
    if (!inClass && piece === ")") depth -= 1;
    if (piece === "|" && depth === 0 && !inClass) parts.push("");
    else parts.push((parts.pop() ?? "") + piece);
    at += length - 1;
  }
  return parts;
}

function quotedLength(pattern: string, at: number): number {
  const end = pattern.indexOf("\\E", at);
  return end === -1 ? pattern.length - at : end + 2 - at;
}
