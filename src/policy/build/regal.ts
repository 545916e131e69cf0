/**
 * Regal, the linter of Rego: what it says of a policy source folder. It is asked where it is installed; a release is
 * the same with and without it.
 */
import { access } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ROOT } from "../../root.ts";
import { ReleaseError } from "../release.ts";
import { type Problem, sortProblems } from "./problem.ts";
import { installed, parsedJson, runTool } from "./tool.ts";

const CONFIG = ".regal/config.yaml";

/** @property warnings - what its config has at level `warning`. */
export interface RegalFindings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

const reportSchema = z.object({
  violations: z.array(
    z.object({
      title: z.string(),
      description: z.string(),
      level: z.string(),
      location: z.object({ file: z.string(), row: z.number() }),
    }),
  ),
});

const failureSchema = z.object({ errors: z.array(z.string()).min(1) });

/**
 * Lints a source folder by the nearest `.regal/config.yaml`, in it or above it; by this product's where there is none.
 * What such a config names lies relative to the folder that has it.
 *
 * @returns findings with files relative to the source folder; undefined where Regal is not installed.
 * @throws {ReleaseError} where Regal can't read the source or its config.
 */
export async function regalFindings(sourceDir: string): Promise<RegalFindings | undefined> {
  const { value: regal } = await installed("regal").next();
  if (regal === undefined) return undefined;
  const source = resolve(sourceDir);
  const home = (await nearestConfig(source)) ?? fileURLToPath(ROOT);
  const answer = await runTool(
    regal,
    ["lint", "--format", "json", "--config-file", join(home, CONFIG), source],
    home,
  );
  const json = parsedJson(answer.stdout);
  const report = reportSchema.safeParse(json);
  if (!report.success) {
    const failure = failureSchema.safeParse(json);
    const said = failure.success ? failure.data.errors.join("\n") : answer.stderr.trim().slice(0, 2000);
    throw new ReleaseError("source", `regal lint: ${said}`);
  }
  const found = (isWarning: boolean) =>
    sortProblems(
      report.data.violations
        .filter(({ level }) => (level === "warning") === isWarning)
        .map(({ title, description, location }) => ({
          file: relative(source, resolve(home, location.file)).split(sep).join("/"),
          line: location.row,
          message: `regal ${title}: ${description}`,
        })),
    );
  return { problems: found(false), warnings: found(true) };
}

/** The nearest folder that has a config, upwards from here. */
async function nearestConfig(folder: string): Promise<string | undefined> {
  const isThere = await access(join(folder, CONFIG)).then(
    () => true,
    () => false,
  );
  if (isThere) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : nearestConfig(above);
}
