/** The scalar values of the config file: durations, sizes, rates, addresses, networks. All as zod schemas. */
import { isIP } from "node:net";
import { z } from "zod";

/** What labels metrics, or names somebody in documents and statements. */
export const label = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "1 to 64 letters, digits, dots, underscores or hyphens");

export const someText = z.string().min(1);

/** A key of the design whose feature does not exist yet. Ignoring it would promise what nobody keeps. */
export function notBuilt(what: string) {
  return z
    .unknown()
    .optional()
    .transform((value, context) => {
      if (value !== undefined) context.addIssue(`not built yet: ${what}`);
      return undefined;
    })
    .meta({ description: `${what}. Not built yet: refused.`, built: false });
}

const MS_BY_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const BYTES_BY_UNIT: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** `500ms 5s 2m 24h 90d`: a whole number and one unit; in milliseconds, or undefined. */
export function parseDuration(text: string): number | undefined {
  return scaled(text, /^(0|[1-9][0-9]{0,8})(ms|s|m|h|d)$/, MS_BY_UNIT);
}

/** `512B 64KiB 1MiB 1GiB`: a whole number and one unit; in bytes, or undefined. */
export function parseSize(text: string): number | undefined {
  return scaled(text, /^(0|[1-9][0-9]{0,8})(B|KiB|MiB|GiB)$/, BYTES_BY_UNIT);
}

function scaled(text: string, form: RegExp, factors: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit] = form.exec(text) ?? [];
  const factor = unit === undefined ? undefined : factors[unit];
  return factor === undefined ? undefined : Number(digits) * factor;
}

/** A duration between two bounds, both written as durations; the output is in milliseconds. */
export function duration(lowest: string, highest: string): z.ZodType<number, string> {
  const [low, high] = [parseDuration(lowest), parseDuration(highest)];
  if (low === undefined || high === undefined) throw new TypeError("bounds must be durations");
  return z.string().transform((text, context) => {
    const value = parseDuration(text);
    if (value !== undefined && value >= low && value <= high) return value;
    const problem =
      value === undefined ? "not a duration such as 500ms, 5s, 2m, 24h or 90d" : "out of bounds";
    context.addIssue(`${problem}: from ${lowest} to ${highest}`);
    return z.NEVER;
  });
}

/** A {@link duration}, or `off`. */
export function durationOrOff(lowest: string, highest: string): z.ZodType<number | "off", string> {
  const bounded = duration(lowest, highest);
  return z.string().transform((text, context) => {
    if (text === "off") return text;
    const result = bounded.safeParse(text);
    if (result.success) return result.data;
    for (const { message } of result.error.issues) context.addIssue(`${message}, or off`);
    return z.NEVER;
  });
}

/** A size between two bounds, both written as sizes; the output is in bytes. */
export function size(lowest: string, highest: string): z.ZodType<number, string> {
  const [low, high] = [parseSize(lowest), parseSize(highest)];
  if (low === undefined || high === undefined) throw new TypeError("bounds must be sizes");
  return z.string().transform((text, context) => {
    const value = parseSize(text);
    if (value !== undefined && value >= low && value <= high) return value;
    const problem = value === undefined ? "not a size such as 512B, 64KiB, 1MiB or 1GiB" : "out of bounds";
    context.addIssue(`${problem}: from ${lowest} to ${highest}`);
    return z.NEVER;
  });
}

/** `50/s`: requests a second for one remote address. */
export const rate: z.ZodType<number, string> = z.string().transform((text, context) => {
  const [, digits] = /^([1-9][0-9]{0,5})\/s$/.exec(text) ?? [];
  if (digits !== undefined) return Number(digits);
  context.addIssue("not a rate such as 50/s");
  return z.NEVER;
});

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * `host:port`, an IPv6 host in brackets; port 0 takes a free one. The host must be said: an omitted one would
 * mean every interface.
 */
export const address: z.ZodType<Address, string> = z.string().transform((text, context) => {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const fits = bracketed === undefined ? plain !== undefined : isIP(bracketed) === 6;
  if (fits && port <= 65_535) return { host: bracketed ?? plain ?? "", port };
  context.addIssue("not host:port, such as 127.0.0.1:11020 or [::1]:11020");
  return z.NEVER;
});

/** The text of an address, as it stands in the config and in the log. */
export function addressText(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a URL's host is this machine itself. @param hostname - as `URL` writes it. */
export function isLoopback(hostname: string): boolean {
  return /^(127\.[0-9.]+|localhost|\[::1\])$/.test(hostname);
}

export interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export const network: z.ZodType<Network, string> = z.string().transform((text, context) => {
  const [, host, digits] = /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const version = isIP(host ?? "");
  const longest = version === 4 ? 32 : 128;
  const prefix = digits === undefined ? longest : Number(digits);
  if (host !== undefined && version !== 0 && !host.includes("%") && prefix <= longest) {
    return { address: host, prefix, family: version === 4 ? "ipv4" : "ipv6" };
  }
  context.addIssue("not a network such as 10.0.0.0/8 or fd00::/8, nor an address");
  return z.NEVER;
});

/** An IANA time zone that this Node knows. */
export const timeZone = z.string().refine((text) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return /^[A-Za-z]/.test(text);
  } catch {
    return false;
  }
}, "not a time zone of the IANA database, such as UTC or Europe/Zurich");
