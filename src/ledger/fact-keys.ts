import type { FactShape } from "../input/fact-shape.ts";
import type { Movement, MovementState } from "./ledger.ts";
export declare function factKeys(
  shape: FactShape,
  movement: Movement,
  state: MovementState,
): readonly string[];
