/** The config's `push`: who signs push messages, and what is done about what they tell. */
import { z } from "zod";
import { PushKeyError, pushKeysOf } from "../channels/push/keys.ts";
import { querySchema } from "./query.ts";
import { duration, durationOrOff } from "./values.ts";

const keys = z.array(z.string()).superRefine((names, context) => {
  try {
    pushKeysOf(names);
  } catch (error) {
    if (!(error instanceof PushKeyError)) throw error;
    context.addIssue({ code: "custom", message: error.message, path: [error.index] });
  }
});

/** @param path - the schema of a path. */
export function pushSchema(path: z.ZodType<string, string>) {
  return z.strictObject({
    keys: keys
      .prefault([])
      .describe(
        "who signs: `prod`, `dev` (Cobo's environments), or a compressed point in hex; none: every message gets 401",
      ),
    window: z
      .strictObject({
        warn: duration("1s", "3650d")
          .prefault("24h")
          .describe("a message whose time is farther from ours is warned of"),
        refuse: durationOrOff("1m", "3650d")
          .prefault("off")
          .describe("a message whose time is farther from ours gets 401; Cobo may send one again for a day"),
      })
      .prefault({}),
    on_unapproved_withdrawal: z
      .enum(["flag", "freeze"])
      .prefault("flag")
      .describe(
        "what a withdrawal of ours that nobody approved does besides the alarm: `freeze` stops its wallet",
      ),
    query: querySchema(path)
      .optional()
      .describe("asking Cobo whether what it pushed is so; absent: nobody asks"),
  });
}
