/** What is said of a list's age. */
import { type Age, timeText } from "../policy/age.ts";

/** @property isOver - it is too old already, and absent; else it soon will be. */
export interface AgeWords {
  readonly code: "LIST_EXPIRED" | "LIST_STALE" | "LIST_EXPIRES" | "LIST_UNCONFIRMED";
  readonly message: string;
  readonly isOver: boolean;
}

/** @returns undefined where nothing is wrong with it, nor soon will be. */
export function ageWords(age: Age, nowMs: number): AgeWords | undefined {
  const confirmed = `the list was last confirmed at ${timeText(age.confirmedAt)}`;
  switch (age.endAt(nowMs) ?? age.nearingAt(nowMs)) {
    case "expired": {
      const message = `the list expired at ${timeText(age.expiresAt)}: it is absent, and what reads it refuses; sign it anew`;
      return { code: "LIST_EXPIRED", message, isOver: true };
    }
    case "stale": {
      const message = `${confirmed}, longer ago than its max_age: it is absent, and what reads it refuses`;
      return { code: "LIST_STALE", message, isOver: true };
    }
    case "expires": {
      const message = `the list expires at ${timeText(age.expiresAt)}: sign it anew before`;
      return { code: "LIST_EXPIRES", message, isOver: false };
    }
    case "unconfirmed": {
      const message = `${confirmed}: it is absent from ${timeText(age.staleAt)} on`;
      return { code: "LIST_UNCONFIRMED", message, isOver: false };
    }
    case undefined:
      return undefined;
  }
}
