/** Messages that nobody sends. */
import fc from "fast-check";
import { custodialDeposit, custodialWithdrawal, mpcDeposit, mpcWithdrawal } from "./push-double.ts";

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false, "", 0, -1, 900, 1000, "1", "deposit", "withdraw", "success", "ETH"),
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie("any"), { maxKeys: 3 }),
  ),
})).any;

/** Any JSON text, with words that pushes use. */
export const anyJson: fc.Arbitrary<string> = value.map((tree) => JSON.stringify(tree));

const bases = [custodialDeposit(), custodialWithdrawal(), mpcDeposit(), mpcWithdrawal()];
/** A message of either shape with members replaced, at two levels, as text. */
export const anyPush: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...bases), fc.nat(), value, fc.nat(), value)
  .map(([base, at, member, deep, inner]) => {
    const message: Record<string, unknown> = { ...base };
    const names = Object.keys(base);
    message[names[at % names.length] ?? ""] = member;
    const objects = names.filter((name) => typeof message[name] === "object" && message[name] !== null);
    const name = objects[deep % Math.max(objects.length, 1)] ?? "";
    const held = message[name];
    if (typeof held === "object" && held !== null && !Array.isArray(held)) {
      const members = Object.keys(held);
      message[name] = { ...held, [members[deep % Math.max(members.length, 1)] ?? "x"]: inner };
    }
    return JSON.stringify(message);
  });
