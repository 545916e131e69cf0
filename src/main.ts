/** Starts and stops the parts; nothing else. */
import type { Config } from "./config.ts";
import { CountersignServer, type ReloadOutcome } from "./server.ts";
import type { ListenerAddresses } from "./telemetry/log.ts";

export interface RunningServer {
  readonly addresses: ListenerAddresses;
  /** Reads policy and TLS files again, at once. */
  reload(): Promise<ReloadOutcome>;
  /** Accepts nothing more, lets what is in flight be answered, and ends the parts. The log names the signal. */
  close(signal?: string): Promise<void>;
}

/**
 * Starts the server of a config. It listens also where no release could go live: then everything but pings is
 * refused with `POLICY_ABSENT`, and `/readyz` says why.
 *
 * @throws Error where a key cannot be read, the state folder cannot be written, or an address is taken.
 */
export async function startServer(config: Config): Promise<RunningServer> {
  const server = await CountersignServer.create(config);
  try {
    const addresses = await server.listen();
    return { addresses, reload: () => server.reload(), close: (signal) => server.close(signal) };
  } catch (error) {
    await server.close();
    throw error;
  }
}
