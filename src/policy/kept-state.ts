/**
 * What is remembered of signed files besides the last good one: which are in quarantine, when the one that is live was
 * last found at its place, and who promoted it. One JSON file, replaced whole. Nothing in it makes anything be believed.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { writeDurably } from "../durable-file.ts";
import { sha256Text } from "../sha256.ts";
import { Turns } from "../turns.ts";
import { readBounded } from "./bounded-file.ts";

const MODE = 0o600;
const MAX_STATE_BYTES = 1024 * 1024;
/** The oldest is forgotten: each costs somebody with keys a signature. */
const MAX_QUARANTINED = 100;
const MAX_MESSAGE = 500;

function stateSchema<Step extends string>(steps: readonly Step[]) {
  return z.object({
    confirmed: z.object({ sha256: sha256Text, at: z.int().min(0) }).optional(),
    promoted: z.object({ sha256: sha256Text, by: z.string(), reason: z.string() }).optional(),
    quarantined: z.array(
      z.object({
        sha256: sha256Text,
        sequence: z.int().min(0),
        step: z.custom<Step>((value) => steps.some((step) => step === value)),
        message: z.string(),
        at: z.int().min(0),
      }),
    ),
  });
}
type State<Step extends string> = z.infer<ReturnType<typeof stateSchema<Step>>>;

/**
 * A file that enough keys vouched for and that is no good. It is not tried again under this sequence or a lower one.
 *
 * @property step, message - what refused it. @property at - milliseconds since the epoch.
 */
export type QuarantinedFile<Step extends string> = Readonly<State<Step>["quarantined"][number]>;

/**
 * @property steps - that may put something into quarantine.
 * @property confirmEveryMs - how much of a confirmation's time may be lost with the process.
 * @property isReadOnly - for a trial: nothing is written.
 */
export interface KeptStateOptions<Step extends string> {
  readonly steps: readonly Step[];
  readonly confirmEveryMs: number;
  readonly isReadOnly?: boolean;
}

export class KeptState<Step extends string> {
  readonly #file: string;
  readonly #options: KeptStateOptions<Step>;
  #state: State<Step> = { quarantined: [] };
  #confirmedOnDisk = 0;
  readonly #writes = new Turns();

  /** Knows nothing before it is read. */
  constructor(file: string, options: KeptStateOptions<Step>) {
    this.#file = file;
    this.#options = options;
  }

  /** Makes the folder where it is not there. @throws where it can't be used, or what lies there is no such file. */
  async read(): Promise<void> {
    if (this.#options.isReadOnly !== true) await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    const text = await readBounded(this.#file, MAX_STATE_BYTES, "store");
    if (text !== undefined) this.#state = stateSchema(this.#options.steps).parse(JSON.parse(String(text)));
    this.#confirmedOnDisk = this.#state.confirmed?.at ?? 0;
  }

  /** The newest first. */
  get quarantined(): readonly QuarantinedFile<Step>[] {
    return this.#state.quarantined;
  }

  /** Why a file is in quarantine, where it is. A higher sequence lifts it. */
  quarantineOf(digest: string, sequence: number): QuarantinedFile<Step> | undefined {
    return this.#state.quarantined.find((each) => each.sha256 === digest && sequence <= each.sequence);
  }

  /** In force at once; on the disk when it resolves. @throws the system's error. */
  async quarantine(entry: QuarantinedFile<Step>): Promise<void> {
    const others = this.#state.quarantined.filter((each) => each.sha256 !== entry.sha256);
    const kept = { ...entry, message: entry.message.slice(0, MAX_MESSAGE) };
    this.#state = { ...this.#state, quarantined: [kept, ...others].slice(0, MAX_QUARANTINED) };
    await this.#save();
  }

  /** Who had this file go live by hand, and why; undefined where nobody did, as far as is known. */
  promotionOf(digest: string): { readonly by: string; readonly reason: string } | undefined {
    const { promoted } = this.#state;
    return promoted?.sha256 === digest ? { by: promoted.by, reason: promoted.reason } : undefined;
  }

  /** It is about to go live by hand. On the disk when it resolves. @throws the system's error. */
  async promote(
    digest: string,
    { by, reason }: { readonly by: string; readonly reason: string },
  ): Promise<void> {
    this.#state = { ...this.#state, promoted: { sha256: digest, by, reason } };
    await this.#save();
  }

  /** When the source last had this file, as far as is known; 0 for never. Milliseconds since the epoch. */
  confirmedAt(digest: string): number {
    const { confirmed } = this.#state;
    return confirmed?.sha256 === digest ? confirmed.at : 0;
  }

  /** The source has this file. @throws the system's error. */
  async confirm(digest: string, nowMs: number): Promise<void> {
    const { confirmed } = this.#state;
    const isNew = confirmed?.sha256 !== digest || nowMs < this.#confirmedOnDisk;
    this.#state = { ...this.#state, confirmed: { sha256: digest, at: nowMs } };
    if (isNew || nowMs - this.#confirmedOnDisk >= this.#options.confirmEveryMs) await this.#save();
  }

  /** One after the other, each with the state as it is then. */
  async #save(): Promise<void> {
    if (this.#options.isReadOnly === true) return;
    await this.#writes.run(async () => {
      const { confirmed } = this.#state;
      const text = `${JSON.stringify(this.#state, null, 2)}\n`;
      await writeDurably(this.#file, text, MODE);
      this.#confirmedOnDisk = confirmed?.at ?? 0;
    });
  }
}
