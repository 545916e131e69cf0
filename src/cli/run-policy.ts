/** How a command ends that builds a policy source. */
import { EXIT, type ExitCode, printJson, runCommand } from "./output.ts";

/** As {@link runCommand}; a source that does not build is told with all its problems, for scripts as well. */
export async function runPolicy(json: boolean, run: () => Promise<ExitCode>): Promise<void> {
  await runCommand(json, async () => {
    try {
      return await run();
    } catch (error) {
      const { BuildError } = await import("../policy/build/problem.ts");
      if (!json || !(error instanceof BuildError)) throw error;
      printJson({ ok: false, error: error.message, problems: error.problems });
      return EXIT.failed;
    }
  });
}
