/** The config's `push.query`: with which key, and where, Cobo is asked about what was pushed. */
import { z } from "zod";
import { isLoopback } from "./values.ts";

/** Scheme, host and port: paths are the API's own, and signed. The answer's signature is what counts, not the line. */
const baseUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (message: string) => {
    context.addIssue(message);
    return z.NEVER;
  };
  if (url === undefined) return refuse("not a URL such as https://api.cobo.com");
  const { protocol, hostname, origin } = url;
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    return refuse("https, or http to this machine itself");
  }
  // `URL` makes a path of nothing; a name, a password, a query or a fragment would be dropped in silence.
  return url.href === `${origin}/`
    ? origin
    : refuse("scheme, host and port only, such as https://api.cobo.com");
});

/** @param path - the schema of a path. */
export function querySchema(path: z.ZodType<string, string>) {
  return z.strictObject({
    api: z.enum(["waas1"]).describe("which of Cobo's APIs is asked"),
    base_url: baseUrl.describe(
      "`https://api.cobo.com`, `https://api.dev.cobo.com`; http only to this machine",
    ),
    key: z
      .string()
      .regex(/^0[23][0-9a-f]{64}$/i, "not a compressed point: 66 hex digits that begin with 02 or 03")
      .describe("our API key: a compressed point on secp256k1, in hex"),
    secret_file: path.describe("its secret: a file of 64 hex digits, mode 0600"),
  });
}
