import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { proveOnce } from "../../test/support/prove-once.ts";
import {
  DAY_MS,
  type PublisherKey,
  publisherKey,
  type Says,
  says,
  statementOf,
} from "../../test/support/publisher.ts";
import { type Answer, etagOf, ReleaseHost } from "../../test/support/release-host.ts";
import { digestOf, smallReleases } from "../../test/support/small-releases.ts";
import { Activation } from "./activation.ts";
import { type LiveEvent, LivePolicy } from "./live.ts";
import { PolicySource } from "./source.ts";
import { statementUrl, UrlPlace } from "./source-url.ts";
import { TrustStore } from "./trust-store.ts";

const ARCHIVE = "/releases/release.tar.gz";
const STATEMENT = `${ARCHIVE}.statement.json`;
const QUERY = "?key=hidden";

let first: Uint8Array;
let second: Uint8Array;
let key: PublisherKey;
beforeAll(async () => {
  const [small, made] = await Promise.all([smallReleases(), publisherKey()]);
  ({ first, second } = small);
  key = made;
});

let host: ReleaseHost;
beforeEach(async () => {
  host = await ReleaseHost.start();
});
afterEach(() => host.close());

const FIRST = { revision: "first", sequence: 1 };
const SECOND = { revision: "second", sequence: 2 };

async function publish(archive: Uint8Array, members: Says): Promise<void> {
  host.put(ARCHIVE, archive);
  host.put(STATEMENT, await statementOf(says(digestOf(archive), members), key));
}

function source({ pollMs = 60_000, timeoutMs = 5_000, isSigned = true, wholeEveryMs = 3_600_000 } = {}) {
  const events: LiveEvent[] = [];
  const live = new LivePolicy((event) => events.push(event));
  const keys = new TrustStore({
    keys: [key.verifying],
    threshold: 1,
    audience: "production",
    maxLifetimeMs: 90 * DAY_MS,
  });
  const trust = isSigned ? keys : "unsigned";
  const taker = new Activation({
    live,
    trust,
    prover: proveOnce,
    now: Date.now,
    source: "a host",
    evaluationMs: 1_000,
  });
  const place = new UrlPlace(new URL(host.url(ARCHIVE + QUERY)), { timeoutMs, wholeEveryMs });
  const from = new PolicySource({ place, pollMs, live, taker });
  onTestFinished(async () => {
    await from.close();
    await live.close();
  });
  return { from, live, events, confirmedAt: () => live.current?.age.confirmedAt ?? 0 };
}

async function eventually(condition: () => boolean): Promise<void> {
  const until = Date.now() + 15_000;
  while (!condition()) {
    if (Date.now() > until) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The requests since the last time, as `path` or, where they asked for a change only, `path if`. */
function asked(): string[] {
  const since = host.asked.splice(0);
  return since.map(({ url, headers }) => {
    expect(url.endsWith(QUERY)).toBe(true);
    const path = url === STATEMENT + QUERY ? "statement" : "archive";
    return headers["if-none-match"] === undefined && headers["if-modified-since"] === undefined
      ? path
      : `${path} if`;
  });
}

/** The first answer, then the others. */
function then(answer: Answer, ...others: readonly Answer[]): Answer {
  const answers = [answer, ...others];
  return (response, request) => {
    const [next = answer] = answers.length > 1 ? answers.splice(0, 1) : answers;
    next(response, request);
  };
}

function sends(content: Uint8Array, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(200, headers).end(content);
}

it("the statement lies beside the path, under the same query", () => {
  expect(statementUrl(new URL("https://a.example/b/c.tar.gz?v=1&w=2")).href).toBe(
    "https://a.example/b/c.tar.gz.statement.json?v=1&w=2",
  );
});

describe("what changes is seen, and what doesn't is not sent again", () => {
  it("statement first, then the archive; both conditional while nothing changes; all when somebody asks", async () => {
    await publish(first, FIRST);
    const { from, live, events, confirmedAt } = source({ pollMs: 50 });
    expect(await from.start()).toEqual({ live: "first", changed: true });
    expect(asked()).toEqual(["statement", "archive"]);
    let before = confirmedAt();
    await eventually(() => confirmedAt() > before);
    await eventually(() => host.asked.length >= 4);
    expect(new Set(asked())).toEqual(new Set(["statement if", "archive if"]));
    host.put(ARCHIVE, second);
    await publish(second, SECOND);
    await eventually(() => live.current?.identity.revision === "second");
    asked();
    before = confirmedAt();
    expect(await from.checkNow()).toEqual({ live: "second", changed: false });
    expect(asked()).toEqual(expect.arrayContaining(["statement", "archive"]));
    expect(confirmedAt()).toBeGreaterThanOrEqual(before);
    expect(events.flatMap((event) => (event.type === "activated" ? [event.identity.sequence] : []))).toEqual([
      1, 2,
    ]);
    expect(host.mostAtOnce).toBe(1);
  });

  it("a statement that changes alone: the archive is fetched with it", async () => {
    await publish(first, FIRST);
    const { from, live } = source({ pollMs: 50 });
    await from.start();
    await publish(first, { ...FIRST, sequence: 7 });
    await eventually(() => live.current?.identity.sequence === 7);
    expect(asked()).toContain("archive");
  });

  it("an ETag that is always the same hides nothing that is sent, nor from whoever asks", async () => {
    const lying =
      (content: Uint8Array): Answer =>
      (response, { headers }) =>
        headers["if-none-match"] === '"same"'
          ? response.writeHead(304, { etag: '"same"' }).end()
          : response.writeHead(200, { etag: '"same"' }).end(content);
    const statement = async (archive: Uint8Array, members: Says) =>
      await statementOf(says(digestOf(archive), members), key);
    host.answer(ARCHIVE, lying(first));
    host.answer(STATEMENT, lying(await statement(first, FIRST)));
    const { from, live, confirmedAt } = source({ pollMs: 50 });
    await from.start();
    const before = confirmedAt();
    await eventually(() => confirmedAt() > before);
    // For ever "not modified": as good as the same bytes for ever, which the statement's expiry bounds.
    host.answer(ARCHIVE, lying(second));
    host.answer(STATEMENT, lying(await statement(second, SECOND)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(live.current?.identity.revision).toBe("first");
    expect(await from.checkNow()).toEqual({ live: "second", changed: true });
    // The same ETag over other content.
    host.answer(ARCHIVE, sends(first, { etag: '"same"' }));
    host.answer(STATEMENT, sends(await statement(first, { ...FIRST, sequence: 3 }), { etag: '"same"' }));
    await eventually(() => live.current?.identity.sequence === 3);
  });

  it("the same content under another ETag each time is confirmed", async () => {
    await publish(first, FIRST);
    const statement = await statementOf(says(digestOf(first), FIRST), key);
    const another = () => ({ etag: `"${host.asked.length}"` });
    host.answer(ARCHIVE, (response) => response.writeHead(200, another()).end(first));
    host.answer(STATEMENT, (response) => response.writeHead(200, another()).end(statement));
    const { from, events, confirmedAt } = source({ pollMs: 50 });
    await from.start();
    const before = confirmedAt();
    await eventually(() => confirmedAt() > before);
    expect(events.map(({ type }) => type)).toEqual(["activated"]);
  });

  it("a host without ETags is asked by its time, and one without both sends all", async () => {
    const modified = { "last-modified": "Tue, 01 Jul 2025 10:00:00 GMT" };
    const statement = await statementOf(says(digestOf(first), FIRST), key);
    host.answer(ARCHIVE, (response, { headers }) =>
      headers["if-modified-since"] === modified["last-modified"]
        ? response.writeHead(304).end()
        : response.writeHead(200, modified).end(first),
    );
    host.answer(STATEMENT, sends(statement));
    const { from, confirmedAt } = source({ pollMs: 50 });
    await from.start();
    asked();
    const before = confirmedAt();
    await eventually(() => confirmedAt() > before);
    expect(new Set(asked())).toEqual(new Set(["statement", "archive if"]));
  });

  describe("whoever sat on the line once and is gone", () => {
    it.each([
      ["archive", ARCHIVE],
      ["statement", STATEMENT],
    ])(
      "is not believed about the ETag of another %s: what was refused is asked for whole",
      async (_n, at) => {
        await publish(first, FIRST);
        const { from, live } = source({ pollMs: 50 });
        await from.start();
        await publish(second, SECOND);
        const good = at === ARCHIVE ? second : await statementOf(says(digestOf(second), SECOND), key);
        host.answer(at, sends(Buffer.from("no such thing"), { etag: etagOf(good) }));
        await eventually(() => live.lastError !== undefined);
        host.put(at, good);
        await eventually(() => live.current?.identity.revision === "second");
      },
    );

    it("is not believed about what is live either: that is confirmed again", async () => {
      await publish(first, FIRST);
      const { from, live, confirmedAt } = source({ pollMs: 50 });
      await from.start();
      host.answer(ARCHIVE, sends(second, { etag: etagOf(first) }));
      await eventually(() => live.lastError !== undefined);
      host.put(ARCHIVE, first);
      const before = confirmedAt();
      await eventually(() => confirmedAt() > before);
    });

    it("is not believed for long about the time of what is live: now and then all is asked for whole", async () => {
      await publish(first, FIRST);
      const old = await statementOf(says(digestOf(first), FIRST), key);
      const future = {
        "last-modified": "Fri, 01 Jan 2100 00:00:00 GMT",
        date: "Sat, 02 Jan 2100 00:00:00 GMT",
      };
      host.answer(STATEMENT, sends(old, future));
      host.answer(ARCHIVE, sends(first, future));
      const { from, live } = source({ pollMs: 50, wholeEveryMs: 500 });
      await from.start();
      // As honest hosts do: what is older than the time that they are asked with was not modified.
      const honest =
        (content: Uint8Array): Answer =>
        (response, { headers }) => {
          const since = Date.parse(headers["if-modified-since"] ?? "");
          if (since > Date.now()) response.writeHead(304).end();
          else response.writeHead(200).end(content);
        };
      host.answer(STATEMENT, honest(await statementOf(says(digestOf(second), SECOND), key)));
      host.answer(ARCHIVE, honest(second));
      await eventually(() => live.current?.identity.revision === "second");
    });
  });

  it("unsigned: the archive alone", async () => {
    host.put(ARCHIVE, first);
    const { from, live } = source({ pollMs: 50, isSigned: false });
    expect(await from.start()).toEqual({ live: "first", changed: true });
    host.put(ARCHIVE, second);
    await eventually(() => live.current?.identity.revision === "second");
    expect(asked().every((request) => request.startsWith("archive"))).toBe(true);
  });
});

describe("a pair", () => {
  it.each(["statement", "archive"] as const)(
    "whose %s is swapped between the two reads is fetched again, and nothing is said",
    async (late) => {
      await publish(first, FIRST);
      const { from, events } = source();
      await from.start();
      const [old, next] = await Promise.all([
        statementOf(says(digestOf(first), FIRST), key),
        statementOf(says(digestOf(second), SECOND), key),
      ]);
      if (late === "statement") {
        host.answer(STATEMENT, then(sends(old), sends(next)));
        host.answer(ARCHIVE, sends(second));
      } else {
        host.answer(STATEMENT, sends(next));
        host.answer(ARCHIVE, then(sends(first), sends(second)));
      }
      expect(await from.checkNow()).toEqual({ live: "second", changed: true });
      expect(events.map(({ type }) => type)).toEqual(["activated", "activated"]);
    },
  );

  it("that stays none is refused, and not before it was fetched twice", async () => {
    await publish(first, FIRST);
    const { from, live } = source();
    await from.start();
    host.put(ARCHIVE, second);
    asked();
    expect(await from.checkNow()).toEqual({
      live: "first",
      changed: false,
      error: expect.stringMatching(/^digest: /),
    });
    expect(asked()).toEqual(["statement", "archive", "statement", "archive"]);
    expect(live.current?.identity.revision).toBe("first");
  });

  it("whose statement is not there is refused as a release without one", async () => {
    host.put(ARCHIVE, first);
    const { from, live, events } = source({ pollMs: 50 });
    const { error } = await from.start();
    expect(error).toMatch(/^statement: there is no statement beside the release: .*\?…: status 404$/);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(events).toHaveLength(1);
    await publish(first, FIRST);
    await eventually(() => live.current !== undefined);
  });
});

describe("a way that fails", () => {
  const fails: Answer = (response) => response.writeHead(503).end();

  it("is tried again after a second and later, never later than it is polled; one who asks is first", async () => {
    await publish(first, FIRST);
    const { from, events } = source({ pollMs: 1_500 });
    await from.start();
    host.answer(STATEMENT, fails);
    await eventually(() => events.length > 1);
    const failed = host.asked.splice(0).at(-1)?.at ?? 0;
    await eventually(() => host.asked.length === 2);
    const [one = 0, two = 0] = host.asked.map(({ at }) => at);
    // Less a fifth at most, by jitter.
    expect(one - failed).toBeGreaterThan(799);
    expect(two - one).toBeGreaterThan(1_199);
    // It was said once.
    expect(events.map((event) => (event.type === "refused" ? event.refusal.step : event.type))).toEqual([
      "activated",
      "download",
    ]);
    asked();
    expect(await from.checkNow()).toMatchObject({
      live: "first",
      error: expect.stringMatching(/status 503$/),
    });
    expect(asked()).toEqual(["statement"]);
  });

  it("confirms nothing, and hides nothing of the query; what comes back is confirmed without being sent", async () => {
    await publish(first, FIRST);
    const { from, live, confirmedAt } = source({ pollMs: 100 });
    await from.start();
    host.answer(ARCHIVE, fails);
    await eventually(() => live.lastError !== undefined);
    expect(live.lastError).toMatchObject({
      step: "download",
      message: expect.not.stringContaining("hidden"),
    });
    const before = confirmedAt();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(confirmedAt()).toBe(before);
    asked();
    host.put(ARCHIVE, first);
    await eventually(() => confirmedAt() > before);
    expect(live.lastError).toBeUndefined();
    expect(asked()).not.toContain("archive");
  });

  it("is tried with poll again once it is well", async () => {
    host.answer(STATEMENT, fails);
    const { from, live } = source({ pollMs: 60_000 });
    await from.start();
    await publish(first, FIRST);
    await eventually(() => live.current?.identity.revision === "first");
    asked();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(asked()).toEqual([]);
  });

  it("does not hold the start for longer than five seconds, nor the end", async () => {
    host.answer(STATEMENT, () => {});
    const { from, live } = source({ timeoutMs: 60_000 });
    const began = performance.now();
    expect(await from.start()).toMatchObject({
      error: expect.stringMatching(/not there whole within 5000 ms$/),
    });
    expect(performance.now() - began).toBeLessThan(8_000);
    const running = from.checkNow();
    await eventually(() => host.asked.length > 1);
    await from.close();
    expect(await running).toEqual({ live: undefined, changed: false });
    expect(live.lastError?.message).toMatch(/5000 ms/);
  });
});

it("many that ask at once, and the poll: one request at a time", async () => {
  await publish(first, FIRST);
  const { from } = source({ pollMs: 100 });
  await from.start();
  const slow = await statementOf(says(digestOf(first), FIRST), key);
  host.answer(STATEMENT, (response) => void setTimeout(() => response.end(slow), 150));
  await Promise.all(Array.from({ length: 20 }, () => from.checkNow()));
  expect(host.mostAtOnce).toBe(1);
  expect(asked().length).toBeLessThan(12);
});

it("jitter only shortens", () => {
  const place = new UrlPlace(new URL("https://a.example"), { timeoutMs: 1_000 });
  const waits = Array.from({ length: 200 }, () => place.waitMs(1_000));
  expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(800);
  expect(new Set(waits).size).toBeGreaterThan(100);
});
