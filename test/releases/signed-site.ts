/** A server that trusts keys, and whoever may write where its release lies: with keys, without, or with too few. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Status, statusSchema as wholeStatus } from "../../src/admin/status.ts";
import { openToRead } from "../../src/ledger/read-connection.ts";
import { inspectRelease } from "../../src/policy/inspect.ts";
import { Site, until } from "../faults/site.ts";
import { FEW_RULES } from "../support/few-rules.ts";
import { type PublisherKey, publisherKey, type Says, says, statementOf } from "../support/publisher.ts";
import { digestOf } from "../support/small-releases.ts";

/** @property revision - as it stands in the archive. */
export interface Archive {
  readonly bytes: Buffer;
  readonly revision: string;
  readonly sha256: string;
}

/** They are read once a process: the files are there before the tests, and stay as they are. */
const archives = new Map<string, Promise<Archive>>();

function archiveOf(file: string): Promise<Archive> {
  const archive = archives.get(file) ?? archiveFrom(readFileSync(file));
  archives.set(file, archive);
  return archive;
}

export async function archiveFrom(archive: Uint8Array): Promise<Archive> {
  const bytes = Buffer.from(archive);
  const { identity } = await inspectRelease(bytes);
  return { bytes, revision: identity.revision, sha256: digestOf(bytes) };
}

const identitySchema = z.object({ revision: z.string(), sequence: z.int(), sha256: z.string() });

const reloadSchema = z.object({
  live: identitySchema.nullable(),
  changed: z.boolean(),
  error: z.string().optional(),
});

const statusSchema = z.looseObject({
  ready: z.boolean(),
  warnings: z.array(z.string()),
  release: z
    .looseObject({ ...identitySchema.shape, source: z.string(), expires_at: z.int().optional() })
    .optional(),
  last_release_error: z.object({ step: z.string(), message: z.string() }).optional(),
  quarantined: z.array(z.looseObject({ sha256: z.string(), sequence: z.int(), step: z.string() })),
  alarms: z.array(z.looseObject({ code: z.string(), message: z.string() })),
  trust: z.string(),
  trusted: z.looseObject({ keys: z.array(z.string()), threshold: z.int() }).optional(),
});

export class SignedSite extends Site {
  /** Three keys, two of which must sign; a fourth that was trusted once. */
  readonly keys3: readonly [PublisherKey, PublisherKey, PublisherKey];
  readonly removed: PublisherKey;
  /** Both approve what the tests ask for; the third one refuses everything. */
  readonly demo: Archive;
  readonly other: Archive;
  readonly refusing: Archive;
  readonly release: string;
  readonly statement: string;
  /** Where `policy.candidate` may say that a candidate lies. */
  readonly candidate: string;

  private constructor(parts: {
    policy: Record<string, unknown>;
    state: string | undefined;
    keys: readonly [PublisherKey, PublisherKey, PublisherKey];
    removed: PublisherKey;
    archives: readonly [Archive, Archive, Archive];
  }) {
    const trust = { keys: ["./one.pub", "./two.pub", "./three.pub"], threshold: 2, audience: "production" };
    super(
      { policy: { release: "./release.tar.gz", trust, poll: "1h", max_age: "24h", ...parts.policy } },
      parts.state,
    );
    this.keys3 = parts.keys;
    this.removed = parts.removed;
    [this.demo, this.other, this.refusing] = parts.archives;
    const names = ["one.pub", "two.pub", "three.pub"];
    for (const [at, key] of this.keys3.entries()) this.installation.write(names[at] ?? "", key.publicPem);
    this.release = join(this.installation.folder, "release.tar.gz");
    this.statement = `${this.release}.statement.json`;
    this.candidate = join(this.installation.folder, "next.tar.gz");
  }

  static async prepare(policy: Record<string, unknown> = {}, state?: string): Promise<SignedSite> {
    const [one, two, three, removed] = await Promise.all([
      publisherKey("ed25519"),
      publisherKey("p256"),
      publisherKey("rsa"),
      publisherKey("ed25519"),
    ]);
    const archives = await Promise.all([
      archiveOf(FEW_RULES.demo),
      archiveOf(FEW_RULES.open),
      archiveOf(FEW_RULES.refusing),
    ]);
    return new SignedSite({ policy, state, keys: [one, two, three], removed, archives });
  }

  /** On a busy machine the list comes a moment after the start, and until then everything is refused. */
  override async start(...how: Parameters<Site["start"]>): Promise<void> {
    await super.start(...how);
    await until("the list", async () => !(await this.readiness()).failing.includes("lists"));
  }

  /** A good payload about an archive. */
  says({ sha256, revision }: Archive, members: Says = {}): Says {
    return says(sha256, { revision, ...members });
  }

  /** Signed by the first two keys. */
  signed(archive: Archive, members: Says = {}): Promise<Buffer> {
    return statementOf(this.says(archive, members), this.keys3[0], this.keys3[1]);
  }

  /** As a careful publisher does it: the archive, then its statement, each in one step. */
  put(archive: Uint8Array | undefined, statement: Uint8Array | undefined): void {
    this.#put(this.release, archive);
    this.#put(this.statement, statement);
  }

  #put(file: string, content: Uint8Array | undefined): void {
    if (content === undefined) {
      rmSync(file, { force: true });
      return;
    }
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  }

  async publish(archive: Archive, members: Says = {}): Promise<void> {
    this.put(archive.bytes, await this.signed(archive, members));
  }

  /** At the candidate's place, likewise. */
  putCandidate(archive: Uint8Array | undefined, statement: Uint8Array | undefined): void {
    this.#put(this.candidate, archive);
    this.#put(`${this.candidate}.statement.json`, statement);
  }

  async publishCandidate(archive: Archive, members: Says = {}): Promise<void> {
    this.putCandidate(archive.bytes, await this.signed(archive, members));
  }

  async reload(): Promise<z.infer<typeof reloadSchema>> {
    return reloadSchema.parse((await this.admin("/v1/reload", {})).body);
  }

  async status(): Promise<z.infer<typeof statusSchema>> {
    return statusSchema.parse((await this.admin("/v1/status")).body);
  }

  /** The live release; on a busy machine what was kept is live a moment after the start. */
  async live(): Promise<z.infer<typeof statusSchema>["release"]> {
    await until("a release", async () => (await this.status()).release !== undefined);
    return (await this.status()).release;
  }

  /** All of it. */
  async whole(): Promise<Status> {
    return wholeStatus.parse((await this.admin("/v1/status")).body);
  }

  /** What a scraper reads. */
  async metrics(): Promise<string> {
    return await (await fetch(`http://${this.running.addresses.admin}/metrics`)).text();
  }

  /** The ledger's entries of releases, in their order. */
  releaseEntries(): readonly Readonly<Record<string, unknown>>[] {
    const connection = openToRead(join(this.state, "ledger.db"));
    try {
      const rows = connection
        .prepare("SELECT row FROM entries WHERE type = 'release' ORDER BY seq")
        .raw(true);
      return rows.all().map((columns) => z.looseObject({}).parse(JSON.parse(String([columns].flat()[0]))));
    } finally {
      connection.close();
    }
  }

  /** How often a release was refused at each step, as the metrics say it. */
  async failures(): Promise<Readonly<Record<string, number>>> {
    const found = (await this.metrics()).matchAll(
      /^countersign_release_failures_total\{step="(\w+)"\} (\d+)$/gm,
    );
    return Object.fromEntries([...found].map(([, step = "", count]) => [step, Number(count)]));
  }

  /** What the log says went live, in its order. */
  wentLive(): readonly z.infer<typeof identitySchema>[] {
    return this.running.log
      .filter(({ msg }) => msg === "release live")
      .map((line) => identitySchema.parse(line));
  }
}
