/**
 * The tables of methods and contracts that come with the default rules: every selector is that of its signature, and
 * two libraries agree on it.
 */
import { readFileSync } from "node:fs";
import { FunctionFragment } from "ethers";
import { AbiItem } from "ox";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { hostDataSchema } from "./release.ts";

function table(name: string): unknown {
  return { [name]: parse(readFileSync(`policies/${name}/data.yaml`, "utf8")) };
}

const methods = hostDataSchema.parse(table("methods")).methods ?? {};

it("has methods, some of which change who controls a contract", () => {
  const effects = Object.values(methods).map(({ effect }) => effect);
  expect(effects.filter((effect) => effect === "admin").length).toBeGreaterThan(40);
  expect(effects.filter((effect) => effect === "call").length).toBeGreaterThan(20);
});

it.each(Object.entries(methods))("%s is the selector of its signature", (selector, { signature }) => {
  expect(AbiItem.getSelector(`function ${signature}`)).toBe(selector);
  expect(FunctionFragment.from(`function ${signature}`).selector).toBe(selector);
});

it("has each signature once", () => {
  const signatures = Object.values(methods).map(({ signature }) => signature);
  expect(new Set(signatures).size).toBe(signatures.length);
});

it("knows the contracts that a Safe may delegate to, on every chain the same", () => {
  const { contracts = {} } = hostDataSchema.parse(table("contracts"));
  const multisends = Object.values(contracts).map((ofChain) =>
    Object.entries(ofChain).flatMap(([address, { kind }]) => (kind === "multisend" ? [address] : [])),
  );
  for (const addresses of multisends) expect(addresses).toEqual(multisends[0]);
  expect(multisends[0]).toEqual([
    "0xa238cbeb142c10ef7ad8442c6d1f9e89e07e7761",
    "0x40a2accbd92bca938b02010e17a5b8929b49130d",
    "0x38869bf66a61cf6bdb996a6ae40d5853fd43b526",
    "0x9641d764fc13c8b624c04430c7356c1c7c8102e2",
  ]);
});
