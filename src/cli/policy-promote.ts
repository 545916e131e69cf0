/** `policy promote`: the candidate that judged in the shadow decides from now on. */
import type { Command } from "commander";
import type { Status } from "../admin/status.ts";
import type { Config } from "../config.ts";
import { candidateLines } from "./candidate-text.ts";
import { type ActOptions, callAdmin, configOf, withActOptions } from "./operator.ts";
import { EXIT, type ExitCode, printable, printJson, runCommand } from "./output.ts";

interface Options extends ActOptions {
  readonly sha256?: string;
}

/** What goes live has its engine started and, where there is a gate, past decisions judged. */
const PROMOTE_MS = 60_000;

export function registerPolicyPromote(policy: Command): void {
  withActOptions(
    policy
      .command("promote")
      .description("have the candidate of the running server go live: the very one that is shown")
      .option("--sha256 <hex>", "only this archive; by default the one that is shown"),
  ).action((options: Options) => runCommand(options.json === true, () => promote(options)));
}

async function promote(options: Options): Promise<ExitCode> {
  const [config, { z }, { statusSchema }] = await Promise.all([
    configOf(options),
    import("zod"),
    import("../admin/status.ts"),
  ]);
  const { candidate } = await callAdmin(config, options, { path: "/v1/status", schema: statusSchema });
  if (!options.json) for (const line of candidateLines(candidate, Date.now())) console.log(printable(line));
  const meant = meantBy(options, candidate);
  const identity = z.object({ revision: z.string(), sequence: z.int(), sha256: z.string() });
  const schema = z.object({
    live: identity,
    previous: identity.nullable(),
    lasts: z.enum(["kept", "until_changed"]),
  });
  const body = { reason: options.reason, ...meant };
  const timeoutMs = PROMOTE_MS + gateMs(config);
  const promoted = await callAdmin(config, options, { path: "/v1/promote", body, schema, timeoutMs });
  if (options.json) printJson({ ok: true, ...promoted, ...judgedBefore(candidate) });
  else {
    const { live, previous, lasts } = promoted;
    console.log(
      printable(
        `live: revision ${live.revision}, sequence ${live.sequence}, ${live.sha256}${previous === null ? "" : `; before: revision ${previous.revision}, sequence ${previous.sequence}`}`,
      ),
    );
    console.log(
      lasts === "kept"
        ? "it stays live over a restart: publish it at policy.release before the next release"
        : "releases are not signed: it is live until what lies at policy.release changes, or the server restarts",
    );
  }
  return EXIT.done;
}

/** What was shown. What comes a moment later was not. */
function meantBy({ sha256 }: Options, candidate: Status["candidate"]): { sha256: string; sequence?: number } {
  if (sha256 !== undefined) return { sha256 };
  if (candidate === undefined) throw new Error("no candidate is configured: policy.candidate");
  const { sha256: shown, sequence, refused, why } = candidate;
  if (shown !== undefined) return { sha256: shown, ...(sequence === undefined ? {} : { sequence }) };
  const said = refused === undefined ? why : `${refused.step}: ${refused.message}`;
  throw new Error(`nothing to promote: ${said ?? "no candidate is proven"}`);
}

function gateMs({ policy: { gate } }: Config): number {
  return gate?.limit ?? 0;
}

/** What it had been shown to do, for scripts. */
function judgedBefore(candidate: Status["candidate"]): { shadow?: unknown } {
  return candidate?.shadow === undefined ? {} : { shadow: candidate.shadow };
}
