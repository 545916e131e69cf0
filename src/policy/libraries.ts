/** Which of a release's libraries, `lib/NAME.rego`, a rule can reach, by its text and theirs. */

/** Rego by file, relative to the source folder. */
export type Texts = ReadonlyMap<string, string>;

function librariesOf(texts: Texts): string[] {
  return [...texts.keys()].filter((file) => file.startsWith("lib/"));
}

/**
 * The libraries that a rule names, and those that they name: `lib.NAME`, wherever it stands. All of them where a text
 * does anything else with `lib`, or may spell it otherwise.
 */
export function namedLibraries(file: string, texts: Texts): string[] {
  const libraries = librariesOf(texts);
  const named = new Set<string>();
  const unread = [file];
  for (let next = unread.pop(); next !== undefined; next = unread.pop()) {
    const text = texts.get(next) ?? "";
    if (/\blib\b(?!\.[a-z])|\\u/.test(text)) return libraries;
    for (const [, name] of text.matchAll(/\blib\.([a-z][a-z0-9_]*)/g)) {
      const library = `lib/${name}.rego`;
      if (named.has(library) || !texts.has(library)) continue;
      named.add(library);
      unread.push(library);
    }
  }
  return libraries.filter((library) => named.has(library));
}
