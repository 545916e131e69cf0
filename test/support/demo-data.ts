/** For the tests: the demo's data without an end to what may be paid in a day. */
import { z } from "zod";

/** Tests run from the project root. */
export const ROOT = process.cwd();

const ENOUGH = "1000000000000000000000000000";

const limitsSchema = z.looseObject({
  limits: z.looseObject({ token: z.looseObject({ units: z.record(z.string(), z.string()) }) }),
});

/** Tests send the demo's sample transfer a thousand times. What one transaction may do is limited as before. */
export function withoutDailyLimits(demo: unknown): Record<string, unknown> {
  const { limits, ...data } = limitsSchema.parse(demo);
  const units = Object.fromEntries(Object.keys(limits.token.units).map((token) => [token, ENOUGH]));
  return {
    ...data,
    limits: {
      ...limits,
      daily: { window: "24h", hold: ENOUGH, deny: ENOUGH },
      token: { window: "24h", units },
      payments: { window: "1h", count: ENOUGH },
    },
  };
}
