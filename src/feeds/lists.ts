/**
 * The lists of addresses in force. A list that was never read, or that is signed and too old, is absent from every
 * document, so that a rule which looks into it refuses; one whose new file is refused stays as it was, and an alarm says
 * so.
 */
import { listedAddress } from "../input/address.ts";
import type { Document, ListVersion, ListVersions } from "../input/document.ts";
import type { ListStep } from "../policy/list-error.ts";
import { Turns } from "../turns.ts";
import type { ListInForce } from "./list-activation.ts";
import type { ListStatus } from "./list-status.ts";
import type { ListTable } from "./list-table.ts";
import { SignedList, type SignedListOptions } from "./signed-list.ts";
import { UnsignedList } from "./unsigned-list.ts";

/** A list that lost more than this part of its entries was perhaps not meant to. */
const MUCH_SHORTER = 1 / 2;

/** Of a list that is signed: what its activation needs besides what all lists share. */
export type SignedListParts = Omit<SignedListOptions, "reading" | "tells">;

/**
 * @property paths - of those that nobody signs, by name. @property signed - the others.
 * @property onWarning - not an alarm yet. @property onFailed - a list was refused at this step.
 * @property onTaken - a signed list came into force.
 */
export interface ListsOptions {
  readonly paths: Readonly<Record<string, string>>;
  readonly signed?: readonly SignedListParts[];
  readonly onAlarm: (code: string, message: string) => void;
  readonly onWarning?: (code: string, message: string) => void;
  readonly onFailed?: (list: string, step: ListStep) => void;
  readonly onTaken?: (list: string, inForce: ListInForce) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What lists say of a document's addresses, by list and address, and which content of each list says so. */
export interface ListHits {
  readonly lists: NonNullable<Document["lists"]>;
  readonly versions: ListVersions;
}

export class Lists {
  readonly #unsigned: readonly UnsignedList[];
  readonly #signed: readonly SignedList[];
  /** One table is built at a time: that is what memory it takes. */
  readonly #reading = new Turns();

  constructor({ paths, signed = [], onAlarm, onWarning, onFailed, onTaken, now }: ListsOptions) {
    const reading = this.#reading;
    const warnOfShrinking = (name: string, source: string, table: ListTable, before?: ListTable): void => {
      if (before === undefined || table.entries >= before.entries * MUCH_SHORTER) return;
      onAlarm("LIST_SHRUNK", `${name}: ${source}: less than half of its entries are left`);
    };
    this.#unsigned = Object.entries(paths).map(
      ([name, path]) =>
        new UnsignedList({
          ...{ name, path, reading, now },
          taken: (table, before) => warnOfShrinking(name, path, table, before),
          refused: (problem, before) => {
            const rest = before === undefined ? "the list is absent" : "the old list stays in force";
            onFailed?.(name, "content");
            onAlarm("LIST_REFUSED", `${name}: ${path}: ${problem}; ${rest}`);
          },
        }),
    );
    this.#signed = signed.map(
      (parts) =>
        new SignedList({
          ...parts,
          reading,
          tells: {
            alarm: onAlarm,
            warning: (code, message) => onWarning?.(code, message),
            failed: (list, step) => onFailed?.(list, step),
            taken: (list, inForce, before) => {
              warnOfShrinking(list, parts.source, inForce.table, before?.table);
              onTaken?.(list, inForce);
            },
          },
        }),
    );
  }

  /** Looks for those that are signed, and keeps looking. Resolves when each was looked for once. */
  async start(): Promise<void> {
    await Promise.all(this.#signed.map((list) => list.start()));
  }

  /** Reads those whose files changed and that nobody signs, one by one. Never rejects. */
  async poll(): Promise<void> {
    for (const list of this.#unsigned) await list.poll();
  }

  /**
   * Reads all, or those that nobody signs: these one by one, the others at once, since their hosts may let one wait.
   * Never rejects.
   *
   * @returns what is wrong, a line each.
   */
  async reload(which: "all" | "unsigned" = "all"): Promise<string[]> {
    const said = (name: string, problem: string | undefined): string[] =>
      problem === undefined ? [] : [`lists.${name}: ${problem}`];
    const signed = which === "all" ? this.#signed : [];
    const looked = Promise.all(signed.map(async (list) => said(list.name, await list.check(true))));
    const problems: string[] = [];
    for (const list of this.#unsigned) problems.push(...said(list.name, await list.reload()));
    return [...problems, ...(await looked).flat()];
  }

  /**
   * Another release is live: what it reads and waited for that is tried at once.
   *
   * @param read - the lists that its rules read; undefined where none is live.
   */
  async setRead(read: readonly string[] | undefined): Promise<void> {
    await Promise.all(
      this.#signed.map((list) => {
        if (read === undefined) return list.setUnread("no release is live");
        return list.setUnread(read.includes(list.name) ? undefined : "no rule of the live release reads it");
      }),
    );
  }

  /** Warns of those that will be too old before long, and alarms of those that are. */
  lookAtAges(): void {
    for (const list of this.#signed) list.lookAtAge();
  }

  /** Nobody looks any more. Resolves when nothing is read any more. */
  async close(): Promise<void> {
    await Promise.all([this.#reading.settled(), ...this.#signed.map((list) => list.close())]);
  }

  status(): ListStatus[] {
    return [...this.#unsigned, ...this.#signed].map((list) => list.status());
  }

  /**
   * What the lists say of a document's addresses: `{}` for a list without a hit.
   *
   * The keys are spelled as the document spells them, whatever the list's spelling.
   *
   * @returns undefined where no list is in force.
   */
  hits(document: Document): ListHits | undefined {
    const found = this.#inForceAt(document.now.ms);
    if (found.length === 0) return undefined;
    const addresses = [...addressesOf(document)];
    const lists = found.map(({ name, table }) => [
      name,
      Object.fromEntries(
        addresses
          .map((address) => [address, table.lookup(listedAddress(address))] as const)
          .filter(([, entry]) => entry !== undefined),
      ),
    ]);
    const versions = found.map(({ name, version }) => [name, version]);
    return { lists: Object.fromEntries(lists), versions: Object.fromEntries(versions) };
  }

  #inForceAt(nowMs: number): { name: string; table: ListTable; version: ListVersion }[] {
    return [...this.#unsigned, ...this.#signed].flatMap((list) => {
      const content = list.contentAt(nowMs);
      return content === undefined ? [] : [{ name: list.name, ...content }];
    });
  }
}

/** Every address of a document, once. */
function addressesOf({ transaction, deposit, evidence }: Document): Set<string> {
  const found = new Set<string>();
  const add = (address: string | undefined): void => {
    if (address !== undefined) found.add(address);
  };
  for (const { address } of transaction?.sources ?? []) add(address);
  for (const { address } of transaction?.destinations ?? []) add(address);
  add(transaction?.contract?.address);
  for (const { address } of deposit?.sources ?? []) add(address);
  for (const { from, to, asset, arguments: words = [] } of evidence?.effects ?? []) {
    add(from);
    add(to);
    add(asset);
    for (const { type, value } of words) if (type.includes("address")) addressesIn(value).forEach(add);
  }
  return found;
}

/** Of an argument that is one, or a list or tuple with some in it. */
function addressesIn(value: string): readonly string[] {
  return value.match(/0x[0-9a-f]{40}(?![0-9a-f])/g) ?? [];
}
