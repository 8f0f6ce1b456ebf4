/** Settings are checked key by key, and it makes no difference. */
import assert from "node:assert/strict";
import fc from "fast-check";
import * as z from "zod/mini";
import { CONFIG_DEFAULTS } from "../../../core/config/file/defaults.ts";
import { CONFIG_KEYS } from "../../../core/config/file/schema.ts";
import type { TomlTable } from "../../../core/config/file/toml.ts";
import { parseTree } from "../../../core/config/validate.ts";

const ConfigFile = z.strictObject(CONFIG_KEYS);

Deno.test("what holds without a file is what the schema makes of an empty one", () => {
  assert.deepEqual(CONFIG_DEFAULTS, z.parse(ConfigFile, {}));
});

Deno.test("a tree checked key by key comes to what the whole schema makes of it", () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      "on-request",
      "responses",
      "90s",
      "openai/gpt-5",
      "",
      true,
      false,
      0,
      7,
      -1,
      1.5,
      [],
      ["a"],
      {},
      { enabled: false },
      { base_url: "http://h", wire_api: "chat", typo: 1 },
    ),
    fc.dictionary(
      fc.constantFrom("mock", "network_access", "max_steps", "state", "typo"),
      fc.constantFrom<unknown>(true, 3, "x", {}, { command: "c", args: [] }),
      { maxKeys: 3 },
    ),
  );
  const key = fc.constantFrom(
    ...Object.keys(CONFIG_KEYS),
    "approval_polcy",
    "toString",
    "constructor",
  );
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 6 }), (made) => {
      const tree = made as TomlTable;
      const whole = z.safeParse(ConfigFile, tree);
      const { config, problems } = parseTree(tree);
      assert.deepEqual(config, whole.success ? whole.data : undefined);
      assert.deepEqual(
        Object.keys(config ?? {}),
        Object.keys(whole.data ?? {}),
      );
      const places = (whole.error?.issues ?? []).flatMap((issue) =>
        issue.code === "unrecognized_keys"
          ? issue.keys.map((unknown) => [...issue.path, unknown].join("."))
          : [issue.path.join(".")]
      );
      // Of a union the alternative that was meant has its place further inside.
      const told = problems.map(({ path }) => path.join("."));
      assert.equal(told.length, places.length);
      told.forEach((at, n) => assert.ok(at.startsWith(places[n] ?? "?"), at));
    }),
    { numRuns: 300 },
  );
});
