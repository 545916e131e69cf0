/** The lists and prices that documents are held against, and what is said of them. */
import { join } from "node:path";
import type { Config } from "./config.ts";
import { Feeds } from "./feeds/feeds.ts";
import { ListStore, listsFolder } from "./feeds/list-store.ts";
import type { SignedListParts } from "./feeds/lists.ts";
import type { ListTrust } from "./policy/list-trust.ts";
import { confirmEvery } from "./policy/signed-store.ts";
import { listPlaceOf, shownPlace } from "./release-place.ts";
import { loadListTrust, type SignedListConfig } from "./release-trust.ts";
import type { Memory } from "./server-memory.ts";
import type { Telemetry } from "./server-telemetry.ts";

/** A list that is signed, with its keys read. */
export interface TrustedListConfig {
  readonly name: string;
  readonly config: SignedListConfig;
  readonly trust: ListTrust;
}

/** @throws as {@link loadListTrust}, for any of them. */
export async function loadListTrusts({ lists = {} }: Pick<Config, "lists">): Promise<TrustedListConfig[]> {
  return await Promise.all(
    Object.entries(lists).flatMap(([name, config]) =>
      typeof config === "string"
        ? []
        : [loadListTrust(name, config).then((trust) => ({ name, config, trust }))],
    ),
  );
}

/**
 * Opens what was kept; nothing is read yet.
 *
 * @param signed - from {@link loadListTrusts}.
 */
export async function openFeeds(
  config: Config,
  signed: readonly TrustedListConfig[],
  memory: Memory,
  telemetry: Telemetry,
): Promise<Feeds> {
  const { alarms, log, metrics } = telemetry;
  const feeds = new Feeds(config, {
    store: memory.prices(),
    signed: await Promise.all(signed.map((list) => partsOf(list, config.state_dir, memory, telemetry))),
    onAlarm: (code, message) => alarms.raise(code, message),
    onWarning: (code, message) => log.warning(code, message),
    onFailed: (list, step) => metrics.listFailed(list, step),
    onTaken: (list, { version, table, statement }) =>
      log.listInForce({ list, ...version, entries: table.entries }, statement),
    now: Date.now,
  });
  metrics.lists(() => feeds.status().lists);
  return feeds;
}

async function partsOf(
  { name, config, trust }: TrustedListConfig,
  stateDir: string,
  memory: Memory,
  { alarms }: Telemetry,
): Promise<SignedListParts> {
  const { poll, max_age } = config;
  const source = shownPlace(config.source);
  const store = await ListStore.open(join(listsFolder(stateDir), name), {
    confirmEveryMs: confirmEvery(max_age),
    failed: ({ message }) => alarms.raise("LIST_STORE", `${name}: ${message}`),
  });
  const place = listPlaceOf(config);
  return { name, source, place, pollMs: poll, maxAgeMs: max_age, trust, store, history: memory.lists };
}
