/** Keys are exchanged by overlapping sets: what the new set does not vouch for does not start again. */
import { afterAll, expect, test, vi } from "vitest";
import { codeOf, freshTransfer } from "../faults/site.ts";
import { statementOf } from "../support/publisher.ts";
import { SignedSite } from "./signed-site.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let site: SignedSite;
afterAll(() => site.remove());

/** Starts with other keys, two of which must sign. */
async function startWith(...keys: readonly { readonly publicPem: string }[]): Promise<void> {
  for (const [at, key] of keys.entries()) site.installation.write(`trusted-${at}.pub`, key.publicPem);
  const trust = { keys: keys.map((_, at) => `./trusted-${at}.pub`), threshold: 2, audience: "production" };
  site.installation.config["policy"] = { release: "./release.tar.gz", trust, poll: "1h" };
  await site.running.stop();
  await site.start();
}

test("a key is replaced, and what the old set alone signed is no good any more", async () => {
  site = await SignedSite.prepare();
  const [one, two, three] = site.keys3;
  const { removed: old } = site;
  const live = () => site.status().then(({ release }) => release?.sequence);
  const refusedAt = () => site.status().then(({ last_release_error }) => last_release_error?.step);

  const byOld = await statementOf(site.says(site.demo, { sequence: 1 }), old, one);
  site.put(site.demo.bytes, byOld);
  await site.start();
  expect([await live(), await refusedAt()]).toEqual([undefined, "signatures"]);
  await startWith(old, one, two);
  expect(await live()).toBe(1);

  // Too early: what is kept goes with the key, and so does what lies there.
  await startWith(one, two, three);
  expect([await live(), await refusedAt()]).toEqual([undefined, "signatures"]);
  expect(codeOf(await site.ask(freshTransfer()))).toBe("POLICY_ABSENT");
  expect((await site.status()).alarms.map(({ code }) => code)).toContain("RELEASE_STORE");

  // The set that overlaps, a release that those who stay have signed, and then the new set.
  await startWith(old, one, two, three);
  expect(await live()).toBe(1);
  const byBoth = await statementOf(site.says(site.other, { sequence: 2 }), old, one, two);
  site.put(site.other.bytes, byBoth);
  expect((await site.reload()).live?.sequence).toBe(2);
  await startWith(one, two, three);
  expect(await live()).toBe(2);
  expect((await site.status()).release).toMatchObject({ signed_by: [one.kid, two.kid] });
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  // The old key and one that stays are too few, whatever the number.
  site.put(site.demo.bytes, await statementOf(site.says(site.demo, { sequence: 3 }), old, one));
  expect(await site.reload()).toMatchObject({
    live: { sequence: 2 },
    error: expect.stringMatching(/1 of 2/),
  });
});
