/** `node-double`: asks a callback server as a TSS Node would, and prints the verified reply. */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Command } from "commander";
import { ulid } from "ulid";
import { z } from "zod";
import { readGiven, readGivenOrInput } from "./given-file.ts";
import { EXIT, printJson, runCommand, UsageError } from "./output.ts";

interface Options {
  readonly url: string;
  readonly key: string;
  readonly serverKey: string;
  readonly request: string;
  readonly newId?: true;
  readonly retryTimes: string;
  readonly sleepSeconds: string;
  readonly requestTimeout: string;
  readonly tokenExpireMinutes: string;
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly json?: true;
}

export function registerNodeDouble(program: Command): void {
  program
    .command("node-double")
    .description("a TSS Node's callback client: signs a request, posts it, prints the verified reply")
    .requiredOption("--url <url>", "the callback server, with its path: http://127.0.0.1:11020/v2/check")
    .requiredOption("--key <pem>", "the node's private key")
    .requiredOption("--server-key <pem>", "the server's public key")
    .requiredOption("--request <file>", "the inner CallbackRequest as JSON; - for standard input")
    .option("--new-id", "ask under a request id of its own: the same id gets the same answer")
    .option("--retry-times <number>", "tries after the first, where no response came", "2")
    .option("--sleep-seconds <number>", "between tries", "15")
    .option("--request-timeout <seconds>", "for one try", "10")
    .option("--token-expire-minutes <number>", "life of each token", "2")
    .option("--ca <pem>", "whom to trust for https")
    .option("--client-cert <pem>", "client certificate")
    .option("--client-key <pem>", "its private key")
    .option("--json", "print one JSON object")
    .action((options: Options) =>
      runCommand(options.json === true, async () => {
        const { postCallback } = await import("./node-client.ts");
        const quiet = options.json === true;
        const result = await postCallback({
          url: httpUrl(options.url),
          request: requestOf(await readGivenOrInput(options.request), options),
          key: await readKey(options.key, createPrivateKey),
          serverKey: await readKey(options.serverKey, createPublicKey),
          retryTimes: wholeNumber("--retry-times", options.retryTimes),
          sleepSeconds: positive("--sleep-seconds", options.sleepSeconds),
          requestTimeoutSeconds: positive("--request-timeout", options.requestTimeout),
          tokenExpireMinutes: positive("--token-expire-minutes", options.tokenExpireMinutes),
          tls: {
            ca: await readOptional(options.ca),
            cert: await readOptional(options.clientCert),
            key: await readOptional(options.clientKey),
          },
          onRetry: (attempt, why) => {
            if (!quiet) console.error(`try ${attempt}: ${why}`);
          },
        });
        const { action, reply, httpStatus, attempts, problem } = result;
        if (options.json) printJson({ action, reply, http_status: httpStatus, attempts, problem });
        else {
          console.log(reply === undefined ? "no verified reply" : JSON.stringify(reply));
          console.log(problem === undefined ? action : `${action}: ${problem}`);
        }
        return action === "APPROVE" ? EXIT.done : EXIT.failed;
      }),
    );
}

function requestOf(bytes: Buffer, { request, newId }: Options): string {
  const text = bytes.toString("utf8");
  if (newId === undefined) return text;
  try {
    return JSON.stringify({ ...z.looseObject({}).parse(JSON.parse(text)), request_id: ulid() });
  } catch (error) {
    throw new UsageError(`${request}: no JSON object that could get another id`, { cause: error });
  }
}

function httpUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new UsageError("--url is no http(s) URL");
  return url.href;
}

async function readOptional(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : (await readGiven(file)).toString("utf8");
}

/** Any RSA key in PEM, as the node's own loader takes it; blank lines between the lines do no harm. */
async function readKey(file: string, parse: (pem: string) => KeyObject): Promise<KeyObject> {
  const pem = (await readGiven(file))
    .toString("utf8")
    .replace(/\n\s*\n/g, "\n")
    .trim();
  let key: KeyObject;
  try {
    key = parse(pem);
  } catch (error) {
    throw new UsageError(`${file}: not a readable key`, { cause: error });
  }
  if (key.asymmetricKeyType !== "rsa") throw new UsageError(`${file}: not an RSA key`);
  return key;
}

function positive(option: string, value: string): number {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(value)) throw new UsageError(`${option} is a number`);
  return Number(value);
}

function wholeNumber(option: string, value: string): number {
  if (!/^[0-9]{1,6}$/.test(value)) throw new UsageError(`${option} is a whole number`);
  return Number(value);
}
