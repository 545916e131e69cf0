/** Rego files as closed types, parsed by OPA. */
import { decodeModule, type Module, UnknownSyntax } from "./ast.ts";
import * as opa from "./opa.ts";
import type { Problem } from "./problem.ts";
import { Remembered } from "./remembered.ts";

/** A module, or what keeps its text from being one. */
type Parsed =
  | { readonly module: Module }
  | { readonly problems: readonly Problem[]; readonly isRego: boolean };

const parsed = new Remembered<Parsed>();

/**
 * @property problems - of files that OPA can't read, or that hold what can't be followed.
 * @property isRego - whether OPA could read them all.
 */
export interface ParsedModules {
  readonly modules: readonly Module[];
  readonly problems: readonly Problem[];
  readonly isRego: boolean;
}

/**
 * Parses the staged modules, one file at a time.
 *
 * @param dir - the staged folder.
 * @param texts - what lies there, by file.
 */
export async function parseModules(dir: string, texts: ReadonlyMap<string, string>): Promise<ParsedModules> {
  const answers = await opa.eachOf([...texts], ([file, text]) =>
    parsed.of([opa.OPA_VERSION, file, text], () => parse(dir, file)),
  );
  return {
    modules: answers.flatMap((each) => ("module" in each ? [each.module] : [])),
    problems: answers.flatMap((each) => ("problems" in each ? each.problems : [])),
    isRego: answers.every((each) => "module" in each || each.isRego),
  };
}

async function parse(dir: string, file: string): Promise<Parsed> {
  const answer = await opa.parse(dir, file);
  if ("problems" in answer) return { problems: answer.problems, isRego: false };
  try {
    return { module: decodeModule(answer.ast, file) };
  } catch (error) {
    if (!(error instanceof UnknownSyntax)) throw error;
    const { file: place, line } = error.place;
    return { problems: [{ file: place, line, message: error.message }], isRego: true };
  }
}
