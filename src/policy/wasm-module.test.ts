import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CODE, type HostileParts, hostileModule } from "../../test/support/hostile-module.ts";
import { BUNDLES } from "../../test/support/installation.ts";
import { readArchive } from "./archive.ts";
import { assertModule, MODULE_LIMITS } from "./wasm-module.ts";

const trap = { code: CODE.trap };

test.each<[string, HostileParts, string | RegExp]>([
  ["another function of its host", { imports: [["env", "opa_builtin5"]] }, 'imports "env.opa_builtin5"'],
  ["a function of another host", { imports: [["wasi", "opa_abort"]] }, 'imports "wasi.opa_abort"'],
  ["a memory of its own", { own: [65_536] }, "has a memory of its own"],
  [
    "several tables",
    {
      tables: [
        [1, 1],
        [1, 1],
      ],
    },
    "has several tables",
  ],
  ["a table that is too large", { tables: [[10_000_000, 10_000_000]] }, /has a table of more than 100000/],
  ["a table that may become too large", { tables: [[1, 10_000_000]] }, /has a table of more than 100000/],
  ["a table without an end", { tables: [[1]] }, /or without an end/],
  ["a function of a thousand results", { types: [[0, 1000]] }, "a function of several results"],
  ["a function of a thousand parameters", { types: [[1000, 0]] }, "a function of more than 24 parameters"],
  ["a section of exceptions", { other: [13] }, "it has a section 13"],
  [
    "many local variables",
    { functions: Array(30).fill({ ...trap, locals: 50_000 }) },
    /more than 1000000 local/,
  ],
  [
    "a function that is too large",
    { functions: [{ code: Buffer.alloc(MODULE_LIMITS.functionBytes + 1) }] },
    /a function of more than 1048576 bytes/,
  ],
  [
    "too many bytes",
    { functions: Array(9).fill({ code: Buffer.alloc(1_000_000) }) },
    /larger than 8388608 bytes/,
  ],
])("a module is refused that has %s", (_name, parts, message) => {
  expect(() => assertModule(hostileModule(parts))).toThrow(message);
});

test("what is no module, or is cut off, or says more than it has, is refused", () => {
  const refused = (bytes: Uint8Array) => expect(() => assertModule(bytes)).toThrow("no module of OPA's");
  const good = hostileModule({ functions: [trap], tables: [[1, 1]] });
  assertModule(good);
  refused(new Uint8Array());
  refused(Buffer.from("no module at all"));
  for (let length = 9; length < good.length; length += 1) {
    // Between two sections it is another module.
    try {
      assertModule(good.subarray(0, length));
    } catch (error) {
      expect(error).toMatchObject({ message: expect.stringContaining("no module of OPA's") });
    }
  }
  refused(Buffer.concat([good, Buffer.from([10, 5, 0xff, 0xff, 0xff, 0xff, 0x0f])]));
  refused(Buffer.concat([good, Buffer.from([10, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])]));
});

test("no bytes make it do anything but refuse", () => {
  const good = hostileModule({ functions: [trap], tables: [[1, 1]], imports: [["env", "opa_abort"]] });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const bad = Buffer.from(good);
      bad[at] = byte;
      try {
        assertModule(bad);
      } catch (error) {
        expect(error).toMatchObject({ message: expect.stringContaining("no module of OPA's") });
      }
    }),
  );
});

test("what OPA wrote is far from every limit", async () => {
  for (const bundle of ["default.tar.gz", "demo.tar.gz"]) {
    const wasm =
      (await readArchive(readFileSync(join(BUNDLES, bundle)))).get("/policy.wasm") ?? Buffer.alloc(0);
    assertModule(wasm);
    expect(wasm.length).toBeLessThan(MODULE_LIMITS.bytes / 8);
  }
});
