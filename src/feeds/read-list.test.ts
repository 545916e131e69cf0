import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { FeedError } from "./feed-error.ts";
import { ListTable } from "./list-table.ts";
import { readList } from "./read-list.ts";

const folder = mkdtempSync(join(tmpdir(), "lists-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const A = "0x66f820a414680b5bcda5eeca5dea238543f42054";
const B = "0x1111111111111111111111111111111111111111";

async function tableOf(content: string | Uint8Array): Promise<ListTable> {
  const path = join(folder, "list.csv");
  writeFileSync(path, content);
  return new ListTable((await readList(path)).memory);
}

async function problemOf(content: string | Uint8Array): Promise<string> {
  try {
    await tableOf(content);
  } catch (error) {
    if (error instanceof FeedError) return error.message;
    throw error;
  }
  return "none";
}

test("no memory is no fault of the file: it is not told as one", async () => {
  // As the engine does it where the system gives none.
  vi.stubGlobal(
    "SharedArrayBuffer",
    class {
      constructor() {
        throw new RangeError("Array buffer allocation failed");
      }
    },
  );
  onTestFinished(() => void vi.unstubAllGlobals());
  await expect(tableOf(`address\n${A}\n`)).rejects.toThrow(RangeError);
});

describe("refused, with the line", () => {
  test.each([
    ["no bytes", "", "it has no header"],
    ["a line that may be cut", `address\n${A}`, "it may have been cut short"],
    ["no header", `${A}\n`, "line 1: no column is named address"],
    ["another separator", `address;label\n${A};x\n`, "line 1: no column is named address"],
    ["a name in capitals", `Address\n${A}\n`, "line 1: no column is named address"],
    ["a name with a space", `address, label\n${A},x\n`, "line 1: column 2 is not named"],
    ["a column twice", `address,label,label\n${A},x,y\n`, "line 1: two columns are named label"],
    ["two addresses a row", `address,address\n${A},${B}\n`, "line 1: two columns are named address"],
    ["a column without a name", `address,\n${A},x\n`, "line 1: column 2 is not named"],
    ["a cell too few", `address,label\n${A},x\n${B}\n`, "line 3: it has more or fewer cells"],
    ["a cell too many", `address,label\n${A},x,y\n`, "line 2: it has more or fewer cells"],
    ["an empty address", `address,label\n,x\n`, "line 2: its address is empty"],
    ["a space behind", `address\n${A} \n`, "line 2: its address has white space"],
    ["a space before", `address\n${B}\n ${A}\n`, "line 3: its address has white space"],
    ["a tab behind", `address\n${A}\t\n`, "line 2: its address has white space"],
    ["a no-break space", `address\n${A}\u00a0\n`, "line 2: its address has white space"],
    ["an invisible space", `address\n\u200b${A}\n`, "line 2: its address has white space"],
    ["a letter that looks like another", "address\nb\u04411q\n", "line 2: its address has white space"],
    ["a comment", `address\n#${A}\n`, "line 2: its address has white space"],
    ["a name of every object", "address\n__proto__\n", "line 2: its address has white space"],
    ["an address too long", `address\n${"a".repeat(257)}\n`, "line 2: its address is longer"],
    ["an EVM address without 0x", `address\n${A.slice(2)}\n`, "line 2: its address is not 0x and 40"],
    ["an EVM address with 0X", `address\n0X${A.slice(2)}\n`, "line 2: its address is not 0x and 40"],
    ["an EVM address cut short", `address\n${A.slice(0, -1)}\n`, "line 2: its address is not 0x and 40"],
    ["an EVM address too long", `address\n${A}0\n`, "line 2: its address is not 0x and 40"],
    ["a lone CR as line end", `address\r${A}\r\n`, "no column is named address"],
    ["CR inside", `address,label\n${A},x\ry\n`, "a control character or line break in label"],
    ["a line break in a cell", `address,label\n${A},"x\n${B},y"\n`, "a control character or line break"],
    ["a quote that is not closed", `address,label\n${A},"x\n${B},y\n`, "a quote that is not closed"],
    ["text behind a quote", `address,label\n${A},"x"y\n`, "line 2: text after a closing quote"],
    ["a quote inside", `address,label\n${A},x"y"\n`, "line 2: a quote inside"],
    ["a space around a value", `address,label\n${A}, x\n`, "line 2: white space around the value of label"],
    ["a line of spaces", `address\n${A}\n   \n`, "line 3: its address has white space"],
    ["one address with two meanings", `address,k\n${A},x\n${B},x\n${A},y\n`, "line 4: its address stands"],
    ["the same in other case", `address,k\n${A},x\n${A.replace("bcda", "BCDA")},y\n`, "line 3: its address"],
    ["a cell that is too long", `address,k\n${A},${"é".repeat(40_000)}\n`, "line 2: its cells are too long"],
    ["a line that is too long", `address,k\n${A},${"x".repeat(140_000)}\n`, "line 2: it is too long"],
  ])("%s", async (_what, content, problem) => {
    expect(await problemOf(content)).toContain(problem);
  });

  test.each([
    "2024-02-30",
    "2023-02-29",
    "2024-1-1",
    "01/02/2024",
    "2024-01-01T10:00:00",
    "2024-01-01 10:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T10:00Z",
    "1969-12-31",
    "1700000000000",
    "soon",
  ])("%s as a time", async (text) => {
    expect(await problemOf(`address,added_at\n${B},2024-01-01\n${A},${text}\n`)).toMatch(
      /^line 3: added_at is no date/,
    );
  });

  test("bytes that are not UTF-8, UTF-16, and what is no file", async () => {
    expect(await problemOf(Buffer.from(`address,k\n${A},caf\xe9\n`, "latin1"))).toBe("it is not UTF-8");
    expect(await problemOf(Buffer.from(`\ufeffaddress\n${A}\n`, "utf16le"))).toBe("it is not UTF-8");
    expect(await problemOf(Buffer.from(`address,k\n${A},x\n\xc3`, "latin1"))).toBe("it is not UTF-8");
    await expect(readList(folder)).rejects.toThrow("it is no file");
    await expect(readList(join(folder, "nowhere"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("more columns than a list has", async () => {
    const names = Array.from({ length: 64 }, (_, index) => `c${index}`).join(",");
    expect(await problemOf(`address,${names}\n`)).toMatch(/^line 1: more than 64 columns/);
  });
});

describe("taken", () => {
  test("addresses alone: an entry is an empty object", async () => {
    const table = await tableOf(`address\n${A}\nbc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq\n`);
    expect(table.entries).toBe(2);
    expect(table.lookup(A)).toEqual({});
    expect(table.lookup("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")).toEqual({});
    for (const other of [B, "", "bc1", A.slice(0, -1), `${A}0`, "a".repeat(500_000), "постав"]) {
      expect(table.lookup(other)).toBeUndefined();
    }
  });

  test("columns in any order, times as milliseconds, empty cells left out", async () => {
    const table = await tableOf(
      `label,address,added_at\n"Mixer, ""old""",${A},2024-01-31\n,${B},2024-01-31T10:00:00.5+02:00\nZoë,T1,\n`,
    );
    expect(table.lookup(A)).toEqual({ label: 'Mixer, "old"', added_at: Date.UTC(2024, 0, 31) });
    expect(table.lookup(B)).toEqual({ added_at: Date.UTC(2024, 0, 31, 8, 0, 0, 500) });
    expect(table.lookup("T1")).toEqual({ label: "Zoë" });
  });

  test("a byte order mark, CRLF, blank lines, a row twice, an EVM address in two spellings", async () => {
    const upper = A.replace("bcda", "BCDA");
    const table = await tableOf(`\ufeffaddress,k\r\n${upper},x\r\n\r\n${A},x\r\n${B},x\n${B},x\n\n`);
    expect(table.entries).toBe(2);
    expect(table.lookup(A)).toEqual({ k: "x" });
  });

  test("a file of many pieces, with letters that lie in two of them", async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `T${index},${"é".repeat(index % 7)}\n`);
    const table = await tableOf(`address,label\n${rows.join("")}`);
    expect(table.entries).toBe(rows.length);
    for (let index = 0; index < rows.length; index += 1) {
      const label = "é".repeat(index % 7);
      expect(table.lookup(`T${index}`)).toEqual(label === "" ? {} : { label });
    }
  });

  test("other addresses exactly, and a header without rows", async () => {
    const table = await tableOf("address\nTAbc\nTABC\n-1:0a\n");
    expect(table.entries).toBe(3);
    expect(table.lookup("Tabc")).toBeUndefined();
    expect((await tableOf("address,k\n")).entries).toBe(0);
  });
});

describe("any content", () => {
  const cell = fc.oneof(
    fc.constantFrom(A, B, "T1", "T2", "", " ", "x", "2024-01-01", '"', '""', "é", "\u200b", "0X", A.slice(2)),
    fc.string({ maxLength: 6 }),
  );
  const separator = fc.constantFrom(",", ",", ",", "\n", "\n", "\r\n", "\r", ";", '"', "\ufeff");

  test("is a table or a FeedError, never another failure", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, separator), { maxLength: 12 }),
        fc.constantFrom("address\n", "address,added_at\n", "k,address\n", ""),
        async (parts, header) => {
          expect(await problemOf(`${header}${parts.flat().join("")}\n`)).not.toBe("");
        },
      ),
      { numRuns: 400 },
    );
  });

  test("any bytes likewise", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        expect(await problemOf(Buffer.concat([Buffer.from("address\n"), bytes, Buffer.from("\n")]))).not.toBe(
          "",
        );
      }),
    );
  });

  test("rows that a list may have come back as they were written", async () => {
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const value = fc
      .string({ unit: "grapheme", maxLength: 12 })
      .filter((text) => text.trim() === text && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) && text.isWellFormed());
    const address = fc.stringMatching(/^[a-zA-Z][!-~]{0,50}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(address, value, value), { maxLength: 30, selector: ([key]) => key }),
        async (rows) => {
          const lines = rows.map((row) => `${row.map(quoted).join(",")}\n`);
          const table = await tableOf(`address,one,two\n${lines.join("")}`);
          expect(table.entries).toBe(rows.length);
          for (const [key, one, two] of rows) {
            const entry = { ...(one === "" ? {} : { one }), ...(two === "" ? {} : { two }) };
            expect(table.lookup(key)).toEqual(entry);
            if (!rows.some(([other]) => other === `${key}x`)) expect(table.lookup(`${key}x`)).toBeUndefined();
          }
        },
      ),
    );
  });
});
