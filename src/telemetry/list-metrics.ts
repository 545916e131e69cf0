/** The metrics of lists: which are in force, how old they are, and what was refused. */
import { Counter, Gauge, type Registry } from "prom-client";

export interface ListMetrics {
  /** A list was refused at this step. */
  listFailed(list: string, step: string): void;
  /** Where what is known of lists is read when it is asked for. */
  lists(read: () => readonly ListFacts[]): void;
}

/** Of a list, as its status has it. Times are milliseconds since the epoch. */
interface ListFacts {
  readonly name: string;
  readonly trust: string;
  readonly state: string;
  readonly entries?: number;
  readonly sequence?: number;
  readonly sha256?: string;
  readonly expires_at?: number;
  readonly confirmed_at?: number;
  readonly quarantined?: readonly unknown[];
}

/** What a metric is made with: notes that it is there. */
type Define = <L extends string>(
  name: string,
  help: string,
  labels: readonly L[],
) => { name: string; help: string; labelNames: readonly L[]; registers: Registry[] };

export function createListMetrics(define: Define): ListMetrics {
  const failures = new Counter(
    define("list_failures_total", "Lists that did not come into force, by list and step that refused them", [
      "list",
      "step",
    ]),
  );
  let facts: () => readonly ListFacts[] = () => [];
  new Gauge({
    ...define("list_info", "1 for each list in force", ["list", "trust", "sequence", "sha256"]),
    collect() {
      this.reset();
      for (const { name, trust, state, sequence = 0, sha256 = "" } of facts()) {
        if (state === "in_force") this.set({ list: name, trust, sequence: String(sequence), sha256 }, 1);
      }
    },
  });
  const gauge = (name: string, help: string, value: (list: ListFacts) => number | undefined): void => {
    new Gauge({
      ...define(name, help, ["list"]),
      collect() {
        this.reset();
        for (const list of facts()) {
          const current = value(list);
          if (current !== undefined) this.set({ list: list.name }, current);
        }
      },
    });
  };
  gauge("list_entries", "How many addresses are on it; 0 where it is absent", ({ state, entries = 0 }) =>
    state === "in_force" ? entries : 0,
  );
  gauge(
    "list_expires_timestamp_seconds",
    "When the statement of the list expires; absent without one",
    ({ expires_at: ms }) => (ms === undefined ? undefined : ms / 1_000),
  );
  gauge(
    "list_confirmed_timestamp_seconds",
    "When the signed list was last found at its place; absent without one",
    ({ confirmed_at: ms }) => (ms === undefined ? undefined : ms / 1_000),
  );
  gauge(
    "list_quarantined",
    "Signed files that are no such list, and are not tried again",
    ({ quarantined }) => quarantined?.length,
  );
  return {
    listFailed: (list, step) => failures.inc({ list, step }),
    lists(read) {
      facts = read;
    },
  };
}
