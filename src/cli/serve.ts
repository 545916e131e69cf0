/**
 * `serve`: the server, and its signals.
 *
 * SIGTERM and SIGINT drain and exit 0, the second of them ends the process at once with 1. SIGHUP reloads
 * policy and TLS files; while a reload runs, one more is remembered. When all is closed the last lines of the log are
 * written: where nobody reads them, the process ends itself without, by SIGKILL.
 */
import { setFlagsFromString } from "node:v8";
import type { Command } from "commander";
import { EXIT, type ExitCode, runCommand } from "./output.ts";

export function registerServe(program: Command): void {
  program
    .command("serve")
    .description("the callback server")
    .requiredOption("--config <file>", "the config file")
    .action((options: { config: string }) => runCommand(false, () => serve(options.config)));
}

/**
 * What a request makes dies with it. At the start most of it outlives the collections that come quickly then, from
 * which V8 concludes that it lives long, in half of the starts: it is then made where it is collected rarely, and
 * holds all that it names.
 */
const REQUESTS_DIE_YOUNG = "--no-allocation-site-pretenuring";

/**
 * What lives in the young space is a megabyte or two, copied in as many milliseconds. V8 wakes four threads of its own to
 * help, and waits for them: that takes more time than they save, of the cores that judge and sign.
 */
const COLLECTED_ALONE = "--no-parallel-scavenge";

/** How long a log's reader may take for the last lines, milliseconds. */
const LAST_LINES_MS = 2_000;

/** Starts the server and resolves when it has stopped. */
async function serve(file: string): Promise<ExitCode> {
  setFlagsFromString(REQUESTS_DIE_YOUNG);
  setFlagsFromString(COLLECTED_ALONE);
  // Signals that come while it starts are kept: a supervisor may change its mind early.
  const signals = createSignals();
  // It asks Node for a report to learn which C library there is, and Node waits then for each thread to tell of itself.
  await import("libsql");
  const { startEarly } = await import("../policy/worker-thread.ts");
  startEarly();
  const { loadConfig } = await import("../config.ts");
  const config = await loadConfig(file);
  const { startServer } = await import("../main.ts");
  const server = await startServer(config);
  const reloads = signals.onReload(async () => {
    await server.reload();
  });
  const signal = await signals.stop;
  process.once("SIGTERM", forceExit).once("SIGINT", forceExit);
  await reloads();
  await server.close(signal);
  process.off("SIGTERM", forceExit).off("SIGINT", forceExit);
  signals.release();
  endUnread();
  return EXIT.done;
}

/** An exit in good order would wait for the thread that still writes. Nothing but that can hold the process now. */
function endUnread(): void {
  setTimeout(() => process.kill(process.pid, "SIGKILL"), LAST_LINES_MS).unref();
}

function forceExit(): void {
  process.exit(EXIT.failed);
}

interface Signals {
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly stop: Promise<NodeJS.Signals>;
  /** Sets what SIGHUP does; the function returned waits for a reload that runs, and allows no other. */
  onReload(reload: () => Promise<void>): () => Promise<void>;
  release(): void;
}

function createSignals(): Signals {
  let stopNow = (_signal: NodeJS.Signals): void => {};
  const stop = new Promise<NodeJS.Signals>((resolve) => {
    stopNow = resolve;
  });
  let reload: (() => Promise<void>) | undefined;
  let running: Promise<void> | undefined;
  let again = false;

  const onHangup = (): void => {
    if (reload === undefined || running !== undefined) {
      again = true;
      return;
    }
    again = false;
    // The server logs and reports its own failures to reload; what is in force stays.
    running = reload()
      .catch(() => {})
      .finally(() => {
        running = undefined;
        if (again) onHangup();
      });
  };
  const onStop = (signal: NodeJS.Signals): void => {
    process.off("SIGTERM", onStop).off("SIGINT", onStop);
    stopNow(signal);
  };
  process.on("SIGTERM", onStop).on("SIGINT", onStop).on("SIGHUP", onHangup);
  return {
    stop,
    onReload(action) {
      reload = action;
      if (again) onHangup();
      return async () => {
        reload = undefined;
        await running;
      };
    },
    release() {
      process.off("SIGHUP", onHangup);
    },
  };
}
