import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { FLAG_CODES, HOST_CODES, statusOf } from "./refusal.ts";

function page(): Promise<string> {
  return readFile(new URL("../../docs/reasons.md", import.meta.url), "utf8");
}

async function documented(): Promise<{ code: string; status: number }[]> {
  return [...(await page()).matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, code, status]) => ({
    code: code ?? "",
    status: Number(status),
  }));
}

test("docs/reasons.md lists exactly the host's codes, each once, with its status", async () => {
  const rows = await documented();
  expect(rows.map(({ code }) => code).sort()).toEqual([...HOST_CODES].sort());
  expect(rows).toEqual(rows.map(({ code }) => ({ code, status: statusOf(host(code)) })));
});

test("docs/reasons.md lists exactly the host's flags, each once, and no code is both", async () => {
  const rows = (await page()).matchAll(/^\| `([A-Z_]+)` \| (?:low|medium|high|critical)\b/gm);
  expect([...rows].map(([, code]) => code).sort()).toEqual([...FLAG_CODES].sort());
  const host: readonly string[] = HOST_CODES;
  expect(FLAG_CODES.filter((code) => host.includes(code))).toEqual([]);
});

test("no status is that of another family", () => {
  for (const code of HOST_CODES) {
    const status = statusOf(code);
    expect(status === 20).toBe(code.startsWith("TOKEN_"));
    expect(status === 10).toBe(/^(REQUEST_|KIND_UNKNOWN|PAYLOAD_VERSION)/.test(code));
  }
});

function host(code: string): (typeof HOST_CODES)[number] {
  const known = HOST_CODES.find((each) => each === code);
  if (known === undefined) throw new Error(`${code} is no host code`);
  return known;
}
