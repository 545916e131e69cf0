/** What passes between the evidence reader and its thread. */
import type { Document, Evidence } from "../input/document.ts";
import type { Knowledge } from "../policy/assets.ts";
import type { Material } from "./material.ts";

/** @property knowledge - only where it is another than at the order before. */
export interface EvidenceOrder {
  readonly id: number;
  readonly document: Document;
  readonly material: Material;
  readonly knowledge?: Knowledge;
}

export type EvidenceAnswer =
  | { readonly id: number; readonly ok: true; readonly evidence: Evidence }
  | { readonly id: number; readonly ok: false; readonly problem: string };
