/**
 * One GET of a file that anybody may have written, on a host that anybody may run: bounded in size and in time, never
 * redirected, never decompressed, without cookies, and conditional where the host said how. What comes back is bytes;
 * whether they are to be believed is for others to say.
 *
 * An ETag is the host's word. Equal content under another ETag, and other content under an equal one, are for whoever
 * looks at the bytes to find; a 304 says no more than the same bytes once more would say.
 */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";
import { codeOf } from "../thrown.ts";
import { Body, DownloadError, type Sink } from "./download-body.ts";

/** What a host may say before its body: as Node's own limit, whatever the environment makes of that. */
const MAX_HEADER_BYTES = 16 * 1024;
/** One tag (RFC 9110, 8.8.3): sent back, `*` or several would be answered with 304 whatever the host has. */
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]{0,1024}"$/;
/** Two contents of one second have one `Last-Modified`: it is of use once that second is surely over. */
const SETTLED_MS = 2_000;
/** More answers that are none cost more than what they promise. */
const MAX_INFORMATIONAL = 8;
const BEARER = /^[\x21-\x7e]{1,8192}$/;

/** How a host knows again what it gave before. */
export type Validators = { readonly etag: string } | { readonly lastModified: string };

/** @property validators - undefined where the host gave none that can be relied on. */
interface Received {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly validators: Validators | undefined;
}

/**
 * @property bearerFile - a file with the token that goes with each request. @property caFile - certificate authorities,
 *   PEM, which are trusted in the place of the system's. Both are read for each request: they may be replaced.
 */
export interface DownloadSettings {
  readonly bearerFile?: string | undefined;
  readonly caFile?: string | undefined;
}

/** What was downloaded before, or what is left of it. */
export interface Known {
  readonly validators: Validators | undefined;
}

/**
 * @property limit - bytes.
 * @property timeoutMs - until the last byte is received, from now on, or from `since`, a time of `performance.now()`:
 *   several files may share it.
 * @property known - nothing is sent where the host still has that.
 * @property sink - is given the bytes, of which none are in what comes back then.
 */
export interface DownloadOptions<K extends Known> {
  readonly sink?: Sink | undefined;
  readonly limit: number;
  readonly timeoutMs: number;
  readonly since?: number | undefined;
  readonly known?: K | undefined;
}

/** The URL for people: a query may hold a secret. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

/**
 * @param url - http or https, without a name and a password.
 * @returns `known` itself where the host has that.
 * @throws DownloadError
 */
export async function requestFile<K extends Known = never>(
  url: URL,
  settings: DownloadSettings,
  options: DownloadOptions<K>,
): Promise<Received | K> {
  const [bearer, ca] = await Promise.all([readBearer(settings), readAuthorities(settings)]);
  const headers = {
    accept: "*/*",
    "accept-encoding": "identity",
    "cache-control": "no-cache",
    "user-agent": "countersign",
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...conditionOf(options.known?.validators),
  };
  return await send(url, headers, ca, options);
}

function send<K extends Known>(
  url: URL,
  headers: Readonly<Record<string, string>>,
  ca: string | undefined,
  options: DownloadOptions<K>,
): Promise<Received | K> {
  const { limit, timeoutMs, since = performance.now(), known, sink } = options;
  const name = shownUrl(url);
  return new Promise((resolve, reject) => {
    const sent = begin(url, headers, ca);
    const settle = (): void => {
      clearTimeout(deadline);
      sent.destroy();
    };
    // The first reason counts: what the socket says once it is gone is none.
    const fail = (why: DownloadError): void => {
      settle();
      reject(why);
    };
    const broken = (error: unknown): void => fail(transportError(name, error));
    const deadline = setTimeout(
      () => fail(new DownloadError(`${name}: not there whole within ${timeoutMs} ms`)),
      since + timeoutMs - performance.now(),
    );
    sent.on("error", broken);
    let informational = 0;
    sent.on("information", () => {
      informational += 1;
      if (informational === MAX_INFORMATIONAL) fail(new DownloadError(`${name}: promises, and no answer`));
    });
    let body: Body | undefined;
    sent.on("close", () => fail(body?.endedEarly() ?? transportError(name, undefined)));
    sent.on("response", (response) => {
      if (known?.validators !== undefined && response.statusCode === 304) {
        settle();
        resolve(known);
        return;
      }
      const empty = bodyOf(name, response, limit, sink);
      if (empty instanceof DownloadError) {
        fail(empty);
        return;
      }
      body = empty;
      response.on("error", () => fail(empty.endedEarly()));
      response.on("data", (chunk: Buffer) => {
        const problem = empty.add(chunk);
        if (problem !== undefined) fail(problem);
      });
      response.on("end", () => {
        settle();
        resolve({ bytes: empty.bytes(), validators: validatorsOf(response.headers) });
      });
    });
  });
}

async function readBearer({ bearerFile }: DownloadSettings): Promise<string | undefined> {
  if (bearerFile === undefined) return undefined;
  const token = (await readSetting(bearerFile)).trim();
  if (BEARER.test(token)) return token;
  throw new DownloadError(`${bearerFile}: no token of printable characters`);
}

async function readAuthorities({ caFile }: DownloadSettings): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  const pem = await readSetting(caFile);
  try {
    // TLS would trust nobody without a word.
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    throw new DownloadError(`${caFile}: no certificate`, undefined, error);
  }
}

/** A connection of its own: none is kept that could be found broken. */
function begin(url: URL, headers: Readonly<Record<string, string>>, ca: string | undefined): ClientRequest {
  const options = { agent: false, headers, maxHeaderSize: MAX_HEADER_BYTES, insecureHTTPParser: false };
  if (url.protocol !== "https:") return http.get(url, options);
  // What an environment variable would switch off stays on.
  const tls = { minVersion: "TLSv1.2", rejectUnauthorized: true } as const;
  return https.get(url, { ...options, ...tls, ...(ca === undefined ? {} : { ca }) });
}

/** An empty body for a response that is taken. */
function bodyOf(
  name: string,
  { statusCode: status = 0, headers }: IncomingMessage,
  limit: number,
  sink: Sink | undefined,
): Body | DownloadError {
  if (status !== 200) return new DownloadError(`${name}: status ${status}${wordsOf(status)}`, status);
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") {
    return new DownloadError(
      `${name}: comes with a content-encoding: it is taken as it lies there, or not at all`,
    );
  }
  // Node takes nothing but digits there, and one of them.
  const text = headers["content-length"];
  const length = text === undefined ? undefined : Number(text);
  if (length !== undefined && length > limit) {
    return new DownloadError(`${name}: ${length} bytes, at most ${limit} are taken`);
  }
  return new Body(name, limit, length, sink);
}

function wordsOf(status: number): string {
  if (status === 304) return ", and nothing was known";
  if (status >= 300 && status < 400) return ", redirects are not followed";
  return status === 401 || status === 403 ? ", the host wants other credentials, or lets nobody in" : "";
}

function conditionOf(validators: Validators | undefined): Record<string, string> {
  if (validators === undefined) return {};
  return "etag" in validators
    ? { "if-none-match": validators.etag }
    : { "if-modified-since": validators.lastModified };
}

function validatorsOf(headers: IncomingHttpHeaders): Validators | undefined {
  const { etag, date } = headers;
  if (etag !== undefined && ETAG.test(etag)) return { etag };
  const lastModified = headers["last-modified"];
  if (lastModified === undefined || date === undefined) return undefined;
  const isSettled = Date.parse(date) - Date.parse(lastModified) >= SETTLED_MS;
  return isSettled ? { lastModified } : undefined;
}

/** The system's error by its code: its message may name what the inside looks like. */
function transportError(name: string, error: unknown): DownloadError {
  const code = codeOf(error);
  const what = code === undefined ? "the connection ended without an answer" : `${problemOf(code)} (${code})`;
  return new DownloadError(`${name}: ${what}`, undefined, error);
}

function problemOf(code: string): string {
  if (/CERT|ISSUER|LEAF_SIGNATURE/.test(code)) return "its certificate is not trusted";
  return code.startsWith("HPE_") ? "what it answers is not HTTP as it should be" : "no answer";
}

/** @throws DownloadError */
async function readSetting(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new DownloadError(`${file}: can't be read (${codeOf(error) ?? "error"})`, undefined, error);
  }
}
