export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

/** Everything that is wrong with a config, at once. Paths are written `nodes[0].name`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("\n"));
    this.problems = problems;
  }
}
