/**
 * The lists of addresses in force. A list that was never read is absent from every document, so that a rule which
 * looks into it refuses; one whose new file is refused stays as it was, and an alarm says so.
 */
import { listedAddress } from "../input/address.ts";
import type { Document } from "../input/document.ts";
import { readListAside } from "./list-reader.ts";
import type { ListTable } from "./list-table.ts";
import { Turns } from "./turns.ts";
import { WatchedFile } from "./watched-file.ts";

type OnAlarm = (code: string, message: string) => void;

/** A list that lost more than this part of its entries was perhaps not meant to. */
const MUCH_SHORTER = 1 / 2;

/**
 * @property entries - absent where the list was never read.
 * @property loaded_at - when what is in force was read, milliseconds since the epoch.
 * @property error - why the file as it stands is not in force.
 */
export interface ListStatus {
  readonly name: string;
  readonly path: string;
  readonly entries?: number;
  readonly loaded_at?: number;
  readonly error?: string;
}

interface List {
  readonly name: string;
  readonly file: WatchedFile<ListTable>;
  table?: ListTable;
  loadedAt?: number;
  error?: string;
}

export interface ListsOptions {
  /** Paths by name. */
  readonly paths: Readonly<Record<string, string>>;
  readonly onAlarm: OnAlarm;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class Lists {
  readonly #lists: readonly List[];
  /** One table is built at a time: that is what memory it takes. */
  readonly #turns = new Turns();

  constructor({ paths, onAlarm, now }: ListsOptions) {
    this.#lists = Object.entries(paths).map(([name, path]) => {
      const list: List = {
        name,
        file: new WatchedFile({
          path,
          read: readListAside,
          take: (table) => {
            if (list.table !== undefined && table.entries < list.table.entries * MUCH_SHORTER) {
              onAlarm("LIST_SHRUNK", `${name}: ${path}: less than half of its entries are left`);
            }
            list.table = table;
            list.loadedAt = now();
            delete list.error;
          },
          refuse: (problem) => {
            list.error = problem;
            const rest = list.table === undefined ? "the list is absent" : "the old list stays in force";
            onAlarm("LIST_REFUSED", `${name}: ${path}: ${problem}; ${rest}`);
          },
        }),
      };
      return list;
    });
  }

  /** Reads those whose files changed, one by one. Never rejects. */
  poll(): Promise<void> {
    return this.#turns.run(async () => {
      for (const { file } of this.#lists) await file.poll();
    });
  }

  /** Reads all, one by one. Never rejects. @returns what is wrong, a line each. */
  reload(): Promise<string[]> {
    return this.#turns.run(async () => {
      const problems: string[] = [];
      for (const { name, file } of this.#lists) {
        const problem = await file.reload();
        if (problem !== undefined) problems.push(`lists.${name}: ${problem}`);
      }
      return problems;
    });
  }

  /** Resolves when nothing is read any more. */
  settled(): Promise<void> {
    return this.#turns.settled();
  }

  status(): ListStatus[] {
    return this.#lists.map(({ name, file, table, loadedAt, error }) => ({
      name,
      path: file.path,
      ...(table === undefined ? {} : { entries: table.entries }),
      ...(loadedAt === undefined ? {} : { loaded_at: loadedAt }),
      ...(error === undefined ? {} : { error }),
    }));
  }

  /**
   * What the lists say of a document's addresses, by list and address: `{}` for a list without a hit.
   *
   * The keys are spelled as the document spells them, whatever the list's spelling.
   *
   * @returns undefined where no list is loaded.
   */
  hits(document: Document): Document["lists"] {
    const loaded = this.#lists.filter(({ table }) => table !== undefined);
    if (loaded.length === 0) return undefined;
    const addresses = [...addressesOf(document)];
    return Object.fromEntries(
      loaded.map(({ name, table }) => [
        name,
        Object.fromEntries(
          addresses
            .map((address) => [address, table?.lookup(listedAddress(address))] as const)
            .filter(([, entry]) => entry !== undefined),
        ),
      ]),
    );
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
