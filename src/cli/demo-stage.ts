/** What all parts of the demo stand on: who asks, who operates, and what is printed. */
import { z } from "zod";
import { readAdminToken } from "../admin/tokens.ts";
import { sendRequest } from "./http-request.ts";
import type { Reply } from "./node-client.ts";

/** One line of the demo. `ok` is whether all is as expected. */
export interface DemoResult {
  readonly title: string;
  readonly action: string;
  readonly error: string;
  readonly ok: boolean;
  /** From the first byte sent to the verified answer. */
  readonly ms: number;
}

/** @property listed - the sample transfer, which was approved once already. @property admin - `host:port`. */
export interface Stage {
  readonly listed: string;
  readonly stateDir: string;
  readonly admin: string;
  readonly ask: (request: string) => Promise<Answered>;
}

/** A verified reply, and milliseconds until it was there. */
export interface Answered {
  readonly reply: Reply;
  readonly ms: number;
}

/**
 * The line of a request that must be refused.
 *
 * @param code - with which; @param named - what the refusal must name besides.
 */
export function refusalOf(title: string, { reply, ms }: Answered, code: string, named = ""): DemoResult {
  const { action = "", error } = reply;
  const ok = action === "REJECT" && error.startsWith(code) && error.includes(named);
  return { title, action, error, ok, ms };
}

/** The first page of a list of the admin API. */
export async function itemsOf<T extends z.ZodType>(
  stage: Stage,
  path: string,
  schema: T,
): Promise<readonly z.infer<T>[]> {
  const { body } = await operate(stage, "GET", path);
  return z.object({ items: z.array(schema) }).parse(JSON.parse(body)).items;
}

/** A call of the admin API, with the installation's own token. */
export async function operate(
  { admin, stateDir }: Stage,
  method: "GET" | "POST",
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<{ readonly status: number; readonly body: string }> {
  const token = await readAdminToken(stateDir);
  return await sendRequest({
    url: `http://${admin}${path}`,
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    timeoutMs: 10_000,
  });
}
