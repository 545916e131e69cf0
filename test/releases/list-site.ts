/** A server whose list of sanctions is signed, by keys of its own, and whoever may write where that list lies. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { codeOf, freshTransfer, until } from "../faults/site.ts";
import { addressOf, type Transfer } from "../faults/transfer.ts";
import { type PublisherKey, publisherKey, type Says, saysOfList, statementOf } from "../support/publisher.ts";
import { digestOf } from "../support/small-releases.ts";
import { SignedSite } from "./signed-site.ts";

/** Whose transfers the old list refuses. */
const LISTED = "wallet-listed";

const listSchema = z.looseObject({
  name: z.string(),
  state: z.string(),
  entries: z.int().optional(),
  sequence: z.int().optional(),
  sha256: z.string().optional(),
  error: z.string().optional(),
  unread: z.string().optional(),
  age_warning: z.string().optional(),
  quarantined: z.array(z.looseObject({ sha256: z.string(), sequence: z.int(), step: z.string() })).optional(),
});
const listsSchema = z.looseObject({ lists: z.array(listSchema) });
type ShownList = z.infer<typeof listSchema>;

/** A list's file. */
export function csvOf(...addresses: readonly string[]): Buffer {
  return Buffer.from(["address", ...addresses, ""].join("\n"));
}

export class ListSite {
  readonly site: SignedSite;
  /** The two keys of the list, of which both must sign. */
  readonly keys: readonly [PublisherKey, PublisherKey];
  readonly file: string;
  readonly statement: string;

  private constructor(site: SignedSite, keys: readonly [PublisherKey, PublisherKey], list: Says) {
    this.site = site;
    this.keys = keys;
    const { installation } = site;
    installation.write("list-one.pub", keys[0].publicPem);
    installation.write("list-two.pub", keys[1].publicPem);
    mkdirSync(join(installation.folder, "lists"));
    this.file = join(installation.folder, "lists/sanctions.csv");
    this.statement = `${this.file}.statement.json`;
    const trust = { keys: ["./list-one.pub", "./list-two.pub"], threshold: 2, audience: "production" };
    installation.config["lists"] = {
      sanctions: { source: "./lists/sanctions.csv", trust, poll: "1h", max_age: "24h", ...list },
    };
  }

  /** @param list - of the config, besides. */
  static async prepare(list: Says = {}): Promise<ListSite> {
    const [site, one, two] = await Promise.all([
      SignedSite.prepare(),
      publisherKey("ed25519"),
      publisherKey("p256"),
    ]);
    await site.publish(site.demo, { sequence: 1 });
    return new ListSite(site, [one, two], list);
  }

  /** The list that refuses {@link LISTED}. */
  static readonly old = csvOf(addressOf(LISTED), "0x00000000000000000000000000000000deadbeef");

  says(file: Uint8Array, members: Says = {}): Says {
    return saysOfList("sanctions", digestOf(file), { expires_at: inDays(7), ...members });
  }

  signed(file: Uint8Array, members: Says = {}): Promise<Buffer> {
    return statementOf(this.says(file, members), ...this.keys);
  }

  put(file: Uint8Array | undefined, statement: Uint8Array | undefined): void {
    replace(this.file, file);
    replace(this.statement, statement);
  }

  async publish(file: Uint8Array, members: Says = {}): Promise<void> {
    this.put(file, await this.signed(file, members));
  }

  /** What `/v1/status` says of it. */
  async shown(name = "sanctions"): Promise<ShownList> {
    const { lists } = listsSchema.parse((await this.site.admin("/v1/status")).body);
    const list = lists.find((each) => each.name === name);
    if (list === undefined) throw new Error(`no list ${name}`);
    return list;
  }

  /** Has everything read anew. @returns what is wrong with lists. */
  async reload(): Promise<string> {
    return (await this.site.reload()).error ?? "";
  }

  /** The code that a transfer is answered with: from whom the old list names, or from somebody else. */
  async asked(whose: "listed" | "other"): Promise<string> {
    const fresh = freshTransfer();
    const transfer: Transfer = whose === "listed" ? { ...fresh, wallet: LISTED } : fresh;
    return codeOf(await this.site.ask(transfer));
  }

  async failures(): Promise<Readonly<Record<string, number>>> {
    const text = await (await fetch(`http://${this.site.running.addresses.admin}/metrics`)).text();
    const found = text.matchAll(/^countersign_list_failures_total\{list="sanctions",step="(\w+)"\} (\d+)$/gm);
    return Object.fromEntries([...found].map(([, step = "", count]) => [step, Number(count)]));
  }

  async untilInForce(sequence: number): Promise<void> {
    await until(`sequence ${sequence}`, async () => {
      const { state, sequence: found } = await this.shown();
      return state === "in_force" && found === sequence;
    });
  }
}

export function inDays(days: number): string {
  return `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19)}Z`;
}

function replace(path: string, content: Uint8Array | undefined): void {
  if (content === undefined) {
    rmSync(path, { force: true });
    return;
  }
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
