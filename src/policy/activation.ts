/**
 * How a candidate goes live. A candidate is an archive and, where releases are signed, the statement beside it. It is
 *
 * - **seen**: its bytes are in memory, read as a pair. All that follows is about these bytes: what lies at the source
 *   a moment later is another candidate;
 * - **admitted**: the trust store took its statement: signatures, audience, sequence, time;
 * - **matched**: the archive's digest is the one that was signed, and it is not in quarantine. An archive that is live
 *   already under this payload ends here: it is **confirmed**, and its age begins anew;
 * - **proven**: it was read, its index, entrypoints, data and facts are right, the guard was refused by it, and its
 *   engine is warm: it could decide;
 * - **let through**: where there is a gate, it judged past decisions as the gate demands. What was live last has no gate
 *   to pass: nothing changes by it. While the gate takes its time, and nothing is live yet, the last release that was
 *   kept decides;
 * - **kept**: archive and statement are in `state_dir/releases`, with who promoted it, and then the ledger has the entry
 *   that says that it is live, both on the disk. Where the ledger can't be told, the one before is kept again. From here on nothing older is ever admitted again, whenever the process ends;
 * - **live**: one assignment puts it in the place of the one before.
 *
 * Where trust is `unsigned` or a digest there is no statement: it is matched at once, and kept without being stored.
 *
 * From each state the way out is **refused**, with the step that failed. Nothing has changed then but this: an archive
 * that was matched by a statement and could not be proven is in **quarantine**, and not looked at again before somebody
 * with keys signs a higher sequence. What failed before says nothing of the archive, a gate says that it is another policy
 * and no broken one, and what fails after is the machine's fault, as may be that proving took too long: none of these is
 * put there, so that nobody without keys can keep a good release from going live. Nor is what was live last: it was
 * proven once.
 *
 * When the server starts and its source has nothing good, the last release that was kept goes the same way but for the
 * gate, which it passed before it was kept, and is live as old as it is: what its source last confirmed.
 *
 * A release is **promoted** where an operator says that what judged in the shadow is to decide: it goes the same way from
 * the beginning, and its entry in the ledger says who and why. The source has another one then. Signed, that is an older
 * one, which is refused; unsigned, it is left alone until it changes. In both cases only what has the promoted one
 * confirms its age: the place of the candidate.
 *
 * One candidate is on its way at a time.
 */

import { messageOf } from "../thrown.ts";
import { Turns } from "../turns.ts";
import {
  Admission,
  type AdmissionOptions,
  type Admitted,
  type Candidate,
  mayPass,
  type Promotion,
} from "./admission.ts";
import { timeText } from "./age.ts";
import { Keeping } from "./keeping.ts";
import type { LivePolicy, LiveRelease } from "./live.ts";
import { ReleaseError } from "./release.ts";
import type { Quarantined, StoredPair } from "./release-store.ts";
import type { TrustStore } from "./trust-store.ts";

export type { Candidate, ReleaseHistory, ReleaseTrust } from "./admission.ts";

/** Whom a source gives its candidates to: what makes them live, or has them judge in the shadow. */
export interface ReleaseTaker {
  /** Whether a candidate needs a statement. */
  readonly isSigned: boolean;
  /** Whether whatever lies there is taken. */
  readonly isUnsigned: boolean;
  /**
   * @param aside - whether requests are being answered: then it is read and proven in a thread of its own.
   * @returns whether it was taken; false where it was already.
   * @throws {ReleaseError} with the step that refused it.
   */
  offer(candidate: Candidate, aside: boolean): Promise<boolean>;
  /** The source was looked at, and has what it had when it was taken or confirmed. */
  confirm(): Promise<void>;
  /**
   * The source has nothing good, and nothing was taken yet: takes what was kept, where there is something.
   *
   * @param aside - as in `offer`.
   * @returns whether it did.
   */
  fallBack(aside: boolean): Promise<boolean>;
}

/** Past decisions that a release is held against before it goes live. */
export interface ReleaseGate {
  /** @throws {ReleaseError} step `gate` where it is not let through. */
  check(next: LiveRelease): Promise<void>;
  /** It was live last: nothing is asked of it. */
  skip(next: LiveRelease): void;
}

/** @property gate - absent: whatever is proven goes live. */
export interface ActivationOptions extends AdmissionOptions {
  readonly live: LivePolicy;
  readonly gate?: ReleaseGate | undefined;
}

/** What a release is when it goes live. @property place - where it came from, for people. */
interface Arrival {
  readonly place: string;
  readonly aside: boolean;
  readonly promotion?: Promotion;
}

export class Activation implements ReleaseTaker {
  readonly admission: Admission;
  readonly #options: ActivationOptions;
  readonly #keeping: Keeping;
  #isFallBackRefused = false;
  #saidOfFallBack: string | undefined;
  /** What the source had when it was live or confirmed. */
  #placed: Admitted | undefined;
  /** Of the archive that was promoted last, as far as this process knows. */
  #promoted: { readonly sha256: string; readonly promotion: Promotion } | undefined;
  readonly #turns = new Turns();

  constructor(options: ActivationOptions) {
    this.#options = options;
    this.admission = new Admission(options);
    const { live, store, history, now, onProblem = () => {} } = options;
    this.#keeping = new Keeping({ ...{ admission: this.admission, live, store, history }, now, onProblem });
  }

  /** Absent where releases are not signed. */
  get keys(): TrustStore | undefined {
    return this.admission.keys;
  }

  get isSigned(): boolean {
    return this.admission.isSigned;
  }

  get isUnsigned(): boolean {
    return this.admission.isUnsigned;
  }

  get quarantined(): readonly Quarantined[] {
    return this.admission.quarantined;
  }

  /** Who promoted what is live, and why; undefined where its source had it. */
  get promotion(): Promotion | undefined {
    const { current } = this.#options.live;
    const isPromoted = current !== undefined && current.identity.sha256 === this.#promoted?.sha256;
    return isPromoted ? this.#promoted?.promotion : undefined;
  }

  offer(candidate: Candidate, aside: boolean): Promise<boolean> {
    return this.#turns.run(async () => {
      const admitted = await this.admission.admit(candidate);
      // An unsigned one has no number: it would undo what was promoted at each look.
      if (this.isUnsigned && this.promotion !== undefined && admitted.sha256 === this.#placed?.sha256) {
        return false;
      }
      const arrival = { place: this.#options.source, aside };
      const changed = await this.#arrive(candidate, admitted, arrival);
      this.#placed = admitted;
      this.#promoted = undefined;
      return changed;
    });
  }

  /**
   * Has a candidate go live because an operator says so.
   *
   * @param place - where it lies, for people.
   * @returns whether it went live; false where it was already.
   * @throws {ReleaseError} with the step that refused it.
   */
  promote(candidate: Candidate, place: string, promotion: Promotion): Promise<boolean> {
    return this.#turns.run(async () => {
      const admitted = await this.admission.admit(candidate);
      if (this.isLive(admitted)) return false;
      const { sha256 } = admitted;
      await this.#arrive(candidate, admitted, { place, aside: true, promotion });
      this.#promoted = { sha256, promotion };
      return true;
    });
  }

  isLive(admitted: Admitted): boolean {
    return this.#options.live.current?.isOf(admitted) === true;
  }

  async confirm(): Promise<void> {
    const { live, now } = this.#options;
    const { current } = live;
    if (current === undefined || this.#placed === undefined || !this.isLive(this.#placed)) return;
    live.confirm(now());
    await this.#keeping.confirmation(current.identity.sha256);
  }

  /** The place of the candidate has what is live: that counts where it was promoted from there. */
  async confirmPromoted(): Promise<void> {
    const { live, now } = this.#options;
    const { current } = live;
    if (current === undefined || this.promotion === undefined) return;
    // What is wrong with what the source has stays so.
    current.age.confirm(now());
    await this.#keeping.confirmation(current.identity.sha256);
  }

  /** What is wrong with it is a problem, no error. What was refused for good is not tried again. */
  fallBack(aside: boolean): Promise<boolean> {
    return this.#turns.run(() => this.#fallBack(aside));
  }

  async #fallBack(aside: boolean): Promise<boolean> {
    if (!this.isSigned || this.#isFallBackRefused) return false;
    try {
      const kept = await this.#keeping.last();
      if (kept === undefined) return false;
      await this.#bringBack(kept, aside);
      return true;
    } catch (error) {
      this.#isFallBackRefused = !mayPass(error);
      const step = error instanceof ReleaseError ? error.step : "source";
      const message = `the last good release is refused: ${messageOf(error)}`;
      // Each try says the same.
      if (message !== this.#saidOfFallBack) {
        this.#options.onProblem?.(new ReleaseError(step, message, error));
      }
      this.#saidOfFallBack = message;
      return false;
    }
  }

  async #bringBack(kept: StoredPair, aside: boolean): Promise<void> {
    const admitted = await this.admission.admit(kept);
    const { sha256, statement } = admitted;
    const confirmedAt = statement && this.admission.past?.confirmedAt(statement);
    const promotion = this.#keeping.promotionOf(sha256);
    const source = "state_dir, the last good release";
    const next = await this.admission.prove(kept, admitted, { source, confirmedAt, aside });
    await this.#orClosed(next, () => this.#keeping.record(next, promotion));
    this.#options.live.replace(next, true);
    if (promotion !== undefined) this.#promoted = { sha256, promotion };
  }

  /** From matched to live. @returns false where it was live already: then it is confirmed. */
  async #arrive(candidate: Candidate, admitted: Admitted, arrival: Arrival): Promise<boolean> {
    const { live, gate } = this.#options;
    const { place, aside, promotion } = arrival;
    const isKnown = gate === undefined || this.#keeping.liveLast() === admitted.sha256;
    if (!isKnown && live.current === undefined) await this.#fallBack(aside);
    if (this.isLive(admitted)) {
      live.confirm(this.#options.now());
      await this.#keeping.signatures(candidate, admitted);
      await this.#keeping.confirmation(admitted.sha256);
      return false;
    }
    const next = await this.admission.prove(candidate, admitted, { source: place, aside });
    await this.#orClosed(next, async () => {
      if (isKnown) gate?.skip(next);
      else await gate.check(next);
      this.#assertStillGood(next);
      await this.#keeping.keep(candidate, next, promotion);
    });
    live.replace(next);
    return true;
  }

  /** What is proven and does not get live gives its engine back. */
  async #orClosed({ engine }: LiveRelease, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** A gate takes its time, and nothing older is ever live again: what is over by now would refuse everything. */
  #assertStillGood({ age }: LiveRelease): void {
    if (age.endAt(this.#options.now()) !== "expired") return;
    throw new ReleaseError("time", `the statement expired at ${timeText(age.expiresAt)}, before it was live`);
  }
}
