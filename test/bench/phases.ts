/** Where the microseconds of one decision go: each step called alone, many times, in this process. */
import { createPublicKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { normalize, participantsOf } from "../../src/channels/tss/normalize.ts";
import { createReplier } from "../../src/channels/tss/reply.ts";
import { Signer } from "../../src/channels/tss/signer.ts";
import { fieldOf, verifyToken } from "../../src/channels/tss/token.ts";
import { parseCallback } from "../../src/channels/tss/wire.ts";
import { decide } from "../../src/decisions/decide.ts";
import { VerifiedRequest } from "../../src/decisions/request.ts";
import { see } from "../../src/evidence/evidence.ts";
import { nowMembers } from "../../src/input/clock.ts";
import { documentSchema, serialize } from "../../src/input/document.ts";
import { activate } from "../../src/policy/activate.ts";
import { knowledgeOf } from "../../src/policy/assets.ts";
import { ANSWERS_NOBODY } from "../../src/policy/prover.ts";
import { enriched, withEmptyHistory } from "../support/dry-run.ts";
import { TEST_RELEASE } from "../support/installation.ts";
import { keyPair } from "../support/key-pairs.ts";
import { measureLedger } from "./ledger.ts";
import { multisend } from "./multisend.ts";

const ROUNDS = 3_000;
const WARM_UP = 1_000;
const ASYNC_IN_FLIGHT = 32;

type Print = (line: string) => void;

/** Mean CPU of a synchronous step in microseconds. */
function cpu(step: () => unknown, rounds = ROUNDS): number {
  for (let round = 0; round < Math.min(WARM_UP, rounds); round += 1) step();
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) step();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / rounds;
}

/** The same of an asynchronous one, so many in flight; all threads counted. */
async function cpuAsync(step: () => Promise<unknown>): Promise<number> {
  const run = async (rounds: number) => {
    for (let round = 0; round < rounds; round += ASYNC_IN_FLIGHT) {
      await Promise.all(Array.from({ length: ASYNC_IN_FLIGHT }, step));
    }
  };
  await run(WARM_UP);
  const before = process.cpuUsage();
  await run(ROUNDS);
  const used = process.cpuUsage(before);
  return (used.user + used.system) / ROUNDS;
}

/**
 * Prints a line a step. RSA is the floor; all else is ours. History is empty and in no ledger here: what asking and
 * writing one costs is measured in `ledger.ts`.
 */
export async function measurePhases(print: Print): Promise<void> {
  const node = keyPair();
  const server = keyPair();
  const request = readFileSync("bundles/demo/requests/listed-transfer.json");
  const header = Buffer.from(JSON.stringify({ alg: "RS256", typ: "JWT" })).toString("base64url");
  const claims = {
    package_data: request.toString("base64"),
    exp: Math.floor(Date.now() / 1000) + 600,
    iss: "",
  };
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  const token = `${signed}.${sign("sha256", Buffer.from(signed), node.privateKey).toString("base64url")}`;
  const body = `TSS_JWT_MSG=${token}`;
  const nodes = [{ name: "node-1", publicKeys: [createPublicKey(node.publicPem)] }];
  const live = await activate(readFileSync(TEST_RELEASE), {
    trust: "unsigned",
    source: "bench",
    prover: ANSWERS_NOBODY,
    evaluationMs: 1_000,
  });
  const parsed = parseCallback(request, "v2");
  if (parsed.type === "ping") throw new Error("the request is a ping");
  const knowledge = knowledgeOf(live.hostData);
  const context = {
    source: "node-1",
    receivedAt: Date.now(),
    now: nowMembers(Date.now(), "UTC"),
    ...knowledge,
  };
  const normalized = normalize(parsed, context);
  const seen = see(normalized, knowledge);
  const document = enriched(seen);
  const verified = () =>
    new VerifiedRequest({
      input: { document, raw: normalized.raw },
      identity: parsed.identity,
      participants: participantsOf(parsed),
      startedAt: performance.now(),
      normalizeMs: 0,
    });
  const { input, text } = withEmptyHistory(verified(), live);
  const { approval } = await decide(withEmptyHistory(verified(), live), {
    live,
    scope: {},
    decisionMs: 5_000,
  });
  if (approval === undefined) throw new Error("the release does not approve the listed transfer");
  const signer = new Signer();
  const settings = { detail: "full", issuer: "countersign", lifetimeMs: 120_000 } as const;
  const replier = createReplier(server.privateKey, settings, Date.now, signer);

  print(`\nEach step alone, microseconds of CPU (document ${text.length} bytes, token ${token.length}):`);
  const line = (name: string, us: number) => print(`  ${name.padEnd(56)} ${us.toFixed(1).padStart(7)}`);
  line(
    "field and token, with one RS256 verification",
    cpu(() => verifyToken(fieldOf(body), nodes, Date.now(), 60_000)),
  );
  line(
    "wire: strict JSON and schemas",
    cpu(() => parseCallback(request, "v2")),
  );
  line(
    "document",
    cpu(() => normalize(parsed, context)),
  );
  line(
    "evidence: a plain transfer, its key known",
    cpu(() => see(normalized, knowledge)),
  );
  const large = multisend(100, knowledge);
  line(
    "evidence: a Safe's multisend of 100 token transfers",
    cpu(() => see(large, knowledge), 200),
  );
  line(
    "prices and lists into the document",
    cpu(() => enriched(seen)),
  );
  line(
    "document to text, facts of an empty history into both",
    cpu(() => withEmptyHistory(verified(), live)),
  );
  line(
    "document against its schema",
    cpu(() => documentSchema.safeParse(input.document)),
  );
  line(
    "reads: nothing absent",
    cpu(() => live.reads.absentReads("transfer", input)),
  );
  const asked = serialize(input, live.index.reads_raw);
  line(
    "policy: one evaluation in the worker, round trip",
    await cpuAsync(() => live.engine.evaluate("countersign/decision", asked)),
  );
  line(
    "decide: facts, invariants, schema, policy, combination",
    await cpuAsync(() => decide(withEmptyHistory(verified(), live), { live, scope: {}, decisionMs: 5_000 })),
  );
  line("reply, with one RS256 signature", await cpuAsync(() => replier.approve(approval)));
  await Promise.all([live.engine.close(), signer.close()]);
  await measureLedger(print, token, text);
}
