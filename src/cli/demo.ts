/**
 * `demo`: a throw-away server with generated keys and the demo release, asked real requests by the node double.
 * It proves itself: an answer that is not as expected ends it with 1.
 */
import type { Command } from "commander";
import { EXIT, type ExitCode, printJson, runCommand } from "./output.ts";

export function registerDemo(program: Command): void {
  program
    .command("demo")
    .description("a throw-away server, asked real requests: prints decisions and reasons")
    .option("--json", "print the results as one object")
    .action((options: { json?: boolean }) =>
      runCommand(options.json === true, async () => {
        const { runDemo } = await import("./demo-run.ts");
        const results = await runDemo();
        if (options.json === true) printJson({ ok: results.every((result) => result.ok), results });
        else print(results);
        return exitCode(results);
      }),
    );
}

interface Shown {
  readonly title: string;
  readonly action: string;
  readonly error: string;
  readonly ok: boolean;
  readonly ms: number;
}

function print(results: readonly Shown[]): void {
  const width = Math.max(...results.map(({ title }) => title.length));
  console.log(`\n    ${"a TSS Node asks".padEnd(width)}  answer   ms   reason`);
  for (const { title, action, error, ok, ms } of results) {
    const mark = ok ? "ok" : "NO";
    console.log(
      `${mark}  ${title.padEnd(width)}  ${action.padEnd(7)} ${ms.toFixed(1).padStart(5)}  ${error}`,
    );
  }
  const wrong = results.filter(({ ok }) => !ok).length;
  console.log(`\n${results.length - wrong} of ${results.length} answered as expected.`);
}

function exitCode(results: readonly Shown[]): ExitCode {
  return results.every(({ ok }) => ok) ? EXIT.done : EXIT.failed;
}
