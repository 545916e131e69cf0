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

/**
 * Whether a dot that is not escaped, nor repeated, stands between two letters, as in `corp.example`, or after what is repeated:
 * it was meant as a dot. Any letter in the middle of a text is `[^x]`, or a class of those that are right.
 */
export function hasLooseDot(pattern: string): boolean {
  const all = [...pieces(pattern)];
  return all.some(
    (piece, at) =>
      piece === "." &&
      /^[A-Za-z0-9)\]+*?}]|^\[/.test(all[at - 1] ?? "") &&
      /^[A-Za-z0-9]$/.test(all[at + 1] ?? ""),
  );
}

/** The parts between the `|` that stand in no group and no class. */
function alternatives(pattern: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const piece of pieces(pattern)) {
    if (piece === "(") depth += 1;
    if (piece === ")") depth -= 1;
    if (piece === "|" && depth === 0) parts.push("");
    else parts.push((parts.pop() ?? "") + piece);
  }
  return parts;
}

/** Letter by letter; what is escaped, quoted by `\Q…\E`, or in a class, is one piece. */
function* pieces(pattern: string): Generator<string> {
  for (let at = 0; at < pattern.length; ) {
    const length = pieceLength(pattern, at);
    yield pattern.slice(at, at + length);
    at += length;
  }
}

function pieceLength(pattern: string, at: number): number {
  if (pattern.startsWith("\\Q", at)) return quotedLength(pattern, at);
  if (pattern[at] === "\\") return 2;
  return pattern[at] === "[" ? classLength(pattern, at) : 1;
}

/** The first `]` of a class is a letter. In it, too, a backslash escapes, and `[:alpha:]` has brackets of its own. */
function classLength(pattern: string, at: number): number {
  let end = at + (/^\[\^?\]?/.exec(pattern.slice(at))?.[0].length ?? 1);
  while (end < pattern.length && pattern[end] !== "]") {
    const named = /^\[:\^?[a-z]+:\]/.exec(pattern.slice(end));
    end += named?.[0].length ?? (pattern[end] === "\\" ? 2 : 1);
  }
  return end + 1 - at;
}

function quotedLength(pattern: string, at: number): number {
  const end = pattern.indexOf("\\E", at);
  return end === -1 ? pattern.length - at : end + 2 - at;
}
